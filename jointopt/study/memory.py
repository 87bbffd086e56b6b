"""What a study that rests was found to have taught: kept in its database, and said again until anything has changed."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path

from jointopt.analysis import Findings, read_again, write_down
from jointopt.config import own_code
from jointopt.errors import StorageError
from jointopt.search import Trials, count_trials
from jointopt.study.parts import Parts

KEY = "findings"  # under which a study keeps them
_PACKAGE = Path(__file__).parents[1]


class Memory:
    """Keeps and recalls the findings of one study.

    They are recalled for the study, the samples, the trials, the prices and the jointopt that they were made of, and
    for no other. While a study runs, and where it calls code of the user's own, nothing is kept: what they rest on
    changes without a trace.

    Args:
        parts: of the study.
        trials: Optuna's study.
        trusted: whether this jointopt wrote what the study's database holds; whoever wrote a bundle may make findings
            up.
    """

    def __init__(self, parts: Parts, trials: Trials, *, trusted: bool) -> None:
        self.parts, self.trials, self.trusted = parts, trials, trusted

    def say(self, conclude: Callable[[], Findings]) -> Findings:
        """The findings as they were kept, else as they are concluded now."""
        basis = self._basis()
        kept = self._recall(basis) if basis else None
        if kept:
            return kept
        found = conclude()
        if basis:
            with suppress(StorageError):  # where a database cannot be written, it is only read
                self.parts.studies.record(self.parts.row.id, KEY, {"basis": basis, "findings": write_down(found)})
        return found

    def _recall(self, basis: str) -> Findings | None:
        """What was found on this basis; None where nothing is kept of that."""
        kept = self.parts.studies.recall(self.parts.row.id, KEY)
        if not kept or kept["basis"] != basis:
            return None
        try:
            found: Findings = read_again(kept["findings"])
        except (ValueError, TypeError, LookupError):  # what is damaged is worked out anew
            return None
        return found

    def _basis(self) -> str | None:
        """A digest of all that the findings rest on; None where that cannot be told."""
        parts = self.parts
        row = parts.studies.find(parts.plan.name)
        if not self.trusted or row.state == "running" or own_code(parts.plan):
            return None
        rests_on = {
            "code": _code(),
            "study": [row.id, row.digest, row.state, row.elapsed_s, parts.plan.path.name],
            "spent": asdict(parts.ledger.spent()),
            "samples": parts.pool.count(),
            "trials": count_trials(self.trials),
            "families": {prompt.id: prompt.family for prompt in parts.plan.space.prompts.values()},
            "prices": {model: asdict(price) for model, price in parts.prices.items()},
        }
        return sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """A digest of this jointopt, so that another one works it out anew."""
    digest = sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
