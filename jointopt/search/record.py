"""Where trials are kept: an ordinary Optuna study in the same database, which Optuna Dashboard can open."""

import logging
import os
import warnings
from functools import partial

import optuna
from optuna.storages import GrpcStorageProxy, RDBStorage
from optuna.trial import TrialState

from jointopt.search.proxy import reach_trials
from jointopt.search.reach import count_rows, let_go, steady
from jointopt.search.samplers import SAMPLERS

IMPORTANCE = "PED-ANOVA"
_DIGITS = 9  # trials that agree to so many digits have one value: the rest is rounding
PROXY = "JOINTOPT_TRIALS"  # the environment variable that names a proxy before the database of trials

Trials = optuna.Study  # by the name that the floors above use


def open_trials(url: str, name: str, *, sampler: str, seed: int) -> optuna.Study:
    """The Optuna study of that name, begun where it does not exist yet. None of its trials is read.

    Whatever is asked of it goes through `steady`, so that a server may be restarted, and `close_trials` ends it.

    Raises:
        StorageError: the database, or the proxy before it, cannot be reached.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    storage = reach_trials(os.environ.get(PROXY) or url)
    study = steady(
        lambda: optuna.create_study(study_name=name, storage=storage, direction="maximize", load_if_exists=True)
    )
    study.sampler = SAMPLERS[sampler](seed)
    return study


def close_stale(study: optuna.Study) -> int:
    """End the trials that a dead run left running; their samples are in the pool. Returns how many there were."""
    stale = steady(lambda: study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))
    for trial in stale:
        fail = partial(study.tell, trial.number, state=TrialState.FAIL, skip_if_finished=True)
        steady(fail)
    return len(stale)


def importances(study: optuna.Study) -> dict[str, float]:
    """Optuna's own importance of each parameter, most important first; empty where the trials cannot tell.

    It sees no interactions, and trials that a sampler chose are no balanced sample: shown beside ours, not instead.
    """
    done = steady(lambda: study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))
    if len({round(trial.value, _DIGITS) for trial in done if trial.value is not None}) <= 1:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Optuna warns where its shares would say nothing
        try:
            return optuna.importance.get_param_importances(study, evaluator=evaluator)
        except UserWarning:
            return {}


def count_trials(study: optuna.Study) -> int:
    """How many trials a study has, running ones counted; none of them is read, but where they are behind a proxy."""
    database = _database_of(study)
    if database is None:
        return len(study.get_trials(deepcopy=False))
    return count_rows(database, study._study_id)  # noqa: SLF001  # shown nowhere


def close_trials(study: optuna.Study) -> None:
    """Let go of every connection; should the study be asked again, it connects anew."""
    database, storage = _database_of(study), study._storage  # noqa: SLF001  # Optuna shows it nowhere
    if database is not None:
        let_go(database)
    elif isinstance(storage, GrpcStorageProxy):
        storage.close()


def _database_of(study: optuna.Study) -> RDBStorage | None:
    """The database behind Optuna's cache; None where a proxy is before it."""
    found = getattr(study._storage, "_backend", None)  # noqa: SLF001  # Optuna shows it nowhere
    return found if isinstance(found, RDBStorage) else None
