"""Trials as plain values, and back: into memory, where Optuna looks at them as at any study. It opens no file."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import optuna
from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.trial import TrialState, create_trial

Values = dict[str, Any]


def trials_of(study: optuna.Study) -> Iterator[Values]:
    """Every trial: its state, value, parameters with their distributions, and what it says of itself."""
    for trial in study.get_trials(deepcopy=False):
        yield {
            "state": trial.state.name,
            "value": trial.value if trial.state == TrialState.COMPLETE else None,
            "params": trial.params,
            "distributions": {name: distribution_to_json(one) for name, one in trial.distributions.items()},
            "user_attrs": trial.user_attrs,
        }


def remember(name: str, rows: Iterable[Mapping[str, Any]]) -> optuna.Study:
    """A study in memory with these trials, in their order.

    Raises:
        ValueError: a trial is none, or contradicts another.
        KeyError: something is missing, or a state is unknown.
        TypeError: something is of another kind.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(study_name=name, direction="maximize")
    for row in rows:
        distributions = {str(key): json_to_distribution(text) for key, text in row["distributions"].items()}
        state = TrialState[row["state"]]
        study.add_trial(
            create_trial(
                state=TrialState.FAIL if state in (TrialState.RUNNING, TrialState.WAITING) else state,
                value=None if row["value"] is None else float(row["value"]),
                params=dict(row["params"]),
                distributions=distributions,
                user_attrs={str(key): str(value) for key, value in row["user_attrs"].items()},
            )
        )
    return study
