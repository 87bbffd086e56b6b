"""Which policy next? Everything that knows Optuna."""

from jointopt.search.first import try_first
from jointopt.search.proxy import reach_trials, serve_trials
from jointopt.search.reach import steady
from jointopt.search.record import IMPORTANCE, Trials, close_stale, close_trials, count_trials, importances, open_trials
from jointopt.search.register import delete_trials, number_of_trials, set_trials_aside
from jointopt.search.samplers import SAMPLERS, plans
from jointopt.search.suggest import distributions, parameters, suggest
from jointopt.search.terms import Bookmark, Terms
from jointopt.search.trial import run_trial
from jointopt.search.view import POOLED
from jointopt.search.worker import Found, search

__all__ = [
    "IMPORTANCE",
    "POOLED",
    "SAMPLERS",
    "Bookmark",
    "Found",
    "Terms",
    "Trials",
    "close_stale",
    "close_trials",
    "count_trials",
    "delete_trials",
    "distributions",
    "importances",
    "number_of_trials",
    "open_trials",
    "parameters",
    "plans",
    "reach_trials",
    "run_trial",
    "search",
    "serve_trials",
    "set_trials_aside",
    "steady",
    "suggest",
    "try_first",
]
