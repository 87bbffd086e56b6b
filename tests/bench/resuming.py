"""A process that does one thing with a study and says how long it took, and how much memory: as JSON.

``python -m tests.bench.resuming resume STUDY`` until the next sample would be paid for; ``optuna`` until Optuna has all
trials.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage

from jointopt.config import Plan, read_study
from jointopt.domain import Spend
from jointopt.errors import ModelError
from jointopt.storage import Ledger
from jointopt.study import Study
from jointopt.study.canary import PHASE

READY = "ready"


def resume(plan: Plan) -> dict[str, object]:
    """Go on with a study until money would be reserved; the run ends there, as after Ctrl-C."""
    reserve = Ledger.reserve_many
    begun_s = time.monotonic()

    def end(self: Ledger, worst: list[Spend], phase: str, cap: Any = None) -> list[int]:
        if phase != PHASE:
            raise ModelError(READY, where=phase)
        return reserve(self, worst, phase, cap)

    Ledger.reserve_many = end  # type: ignore[method-assign, assignment]
    with Study(plan) as study:
        opened_s = time.monotonic() - begun_s
        try:
            study.run()
        except ModelError as error:
            if error.message != READY:
                raise
            return {"opened_s": opened_s, "ready_s": time.monotonic() - begun_s, "phase": error.where}
    raise AssertionError("nothing was left to buy")


def cold_start(plan: Plan) -> dict[str, object]:
    """Optuna's own: load the study and get its trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    begun_s = time.monotonic()
    study = optuna.load_study(study_name=plan.name, storage=RDBStorage(plan.storage))
    trials = len(study.get_trials(deepcopy=False))
    return {"ready_s": time.monotonic() - begun_s, "trials": trials}


if __name__ == "__main__":
    told = {"resume": resume, "optuna": cold_start}[sys.argv[1]](read_study(Path(sys.argv[2])))
    told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps(told) + "\n")
