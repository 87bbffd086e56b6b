"""Where trials are kept: an ordinary Optuna study in the same database, which Optuna Dashboard can open."""

import logging
import os
import warnings

import optuna
from optuna.trial import TrialState

from jointopt.search.proxy import reach_trials
from jointopt.search.samplers import SAMPLERS, Planned

IMPORTANCE = "PED-ANOVA"
PROXY = "JOINTOPT_TRIALS"  # the environment variable that names a proxy before the database of trials

Trials = optuna.Study  # by the name that the floors above use


def open_trials(url: str, name: str, *, sampler: str, seed: int) -> optuna.Study:
    """The Optuna study of that name, begun where it does not exist yet.

    A sampler's seed moves on with the number of trials, so that a resumed study does not repeat its first choices; one
    that plans goes through its plan again.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    storage = reach_trials(os.environ.get(PROXY) or url)
    study = optuna.create_study(study_name=name, storage=storage, direction="maximize", load_if_exists=True)
    study.sampler = SAMPLERS[sampler](seed)
    if not isinstance(study.sampler, Planned):
        study.sampler = SAMPLERS[sampler](seed + len(study.get_trials(deepcopy=False)))
    return study


def close_stale(study: optuna.Study) -> int:
    """End the trials that a dead run left running; their samples are in the pool. Returns how many there were."""
    stale = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in stale:
        study.tell(trial.number, state=TrialState.FAIL)
    return len(stale)


def importances(study: optuna.Study) -> dict[str, float]:
    """Optuna's own importance of each parameter, most important first; empty where the trials cannot tell.

    It sees no interactions, and trials that a sampler chose are no balanced sample: shown beside ours, not instead.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len({trial.value for trial in done}) <= 1:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Optuna warns where its shares would say nothing
        try:
            return optuna.importance.get_param_importances(study, evaluator=evaluator)
        except UserWarning:
            return {}
