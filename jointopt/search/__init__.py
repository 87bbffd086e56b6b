"""Which policy next? Everything that knows Optuna."""

from jointopt.search.record import IMPORTANCE, Trials, close_stale, importances, open_trials
from jointopt.search.samplers import SAMPLERS
from jointopt.search.suggest import suggest
from jointopt.search.trial import run_trial
from jointopt.search.worker import search

__all__ = [
    "IMPORTANCE",
    "SAMPLERS",
    "Trials",
    "close_stale",
    "importances",
    "open_trials",
    "run_trial",
    "search",
    "suggest",
]
