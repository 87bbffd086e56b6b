"""Policies that are tried first: on a real study, as ordinary trials."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import FixedTrial

from jointopt.config import read_study
from jointopt.domain import Budget, Policy
from jointopt.search import suggest, try_first
from jointopt.study import Study


@pytest.fixture
def study(small_study: Callable[[int], Path]) -> Study:
    """A study that has not run yet."""
    return Study(read_study(small_study(600)))


def _try(study: Study, places: list[int], calls: int = 600) -> str:
    first = [study.plan.space.policies()[place] for place in places]
    cap = Budget(calls=calls)
    tried = try_first(study.trials, study.plan.space, study.parts.evaluate, first, phase="search", cap=cap)
    return asyncio.run(tried)


def test_policies_are_tried_in_their_order_and_once(study: Study) -> None:
    """Finished trials with the policy's parameters and its utility; a second call adds none."""
    with study:
        assert _try(study, [3, 1]) == ""
        assert _try(study, [1, 3, 0]) == ""
        policies, trials = study.plan.space.policies(), study.trials.get_trials()
        assert [json.loads(trial.user_attrs["scorecard"])["policy"] for trial in trials] == [
            str(policies[place]) for place in (3, 1, 0)
        ]
        assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in trials)
        for trial, place in zip(trials, (3, 1, 0), strict=True):
            assert suggest(FixedTrial(trial.params | {"model": "nano"}), study.plan.space) == policies[place]


def test_what_the_pool_already_tells_costs_nothing(study: Study) -> None:
    """A policy that was judged on every example is told to Optuna, and not sampled more often for it."""
    with study:
        _try(study, [-1])
        spent, covered = study.parts.ledger.spent(), study.plan.space.policies().index(next(iter(_covered(study))))
        _try(study, [covered])
        assert study.parts.ledger.spent() == spent
        assert len(study.trials.get_trials()) == 2


def _covered(study: Study) -> list[Policy]:
    """Policies that were harvested on every example without a trial."""
    tried, dev = study.plan.space.policies()[-1], len(study.plan.task.dev)
    return [
        card.policy
        for card in study.parts.evaluate.cards.values()
        if card.policy != tried and len(card.examples) == dev
    ]


def test_the_budget_ends_it_in_words(study: Study) -> None:
    """What one block of a policy costs is spent and no more; a policy without a whole block is no trial."""
    with study:
        why = _try(study, [0, 5], calls=20)
        assert "20" in why
        assert len(study.trials.get_trials()) == 1
        assert study.parts.ledger.spent().calls <= 20
