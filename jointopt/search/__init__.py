"""Which policy next? Everything that knows Optuna."""

from jointopt.search.first import try_first
from jointopt.search.proxy import reach_trials, serve_trials
from jointopt.search.record import IMPORTANCE, Trials, close_stale, importances, open_trials
from jointopt.search.samplers import SAMPLERS, plans
from jointopt.search.suggest import distributions, parameters, suggest
from jointopt.search.trial import run_trial
from jointopt.search.view import POOLED
from jointopt.search.worker import Found, Terms, search

__all__ = [
    "IMPORTANCE",
    "POOLED",
    "SAMPLERS",
    "Found",
    "Terms",
    "Trials",
    "close_stale",
    "distributions",
    "importances",
    "open_trials",
    "parameters",
    "plans",
    "reach_trials",
    "run_trial",
    "search",
    "serve_trials",
    "suggest",
    "try_first",
]
