"""The least that a study can have taught."""

import pytest

from jointopt.analysis import Counts, Estimate, Findings, Importance, Standing
from jointopt.domain import Budget, Policy, Preference, Source, Spend


@pytest.fixture
def findings() -> Findings:
    """A winner and its costs, and nothing else."""
    policy = Policy(Source("steps", "micro", 0.7), "majority", 8)
    winner = Standing(policy, Estimate(0.8, 0.7, 0.9), Estimate(0.75, 0.65, 0.85), 0.0, 480.0, 0.25)
    return Findings(
        study="small",
        task="sums",
        models=("micro",),
        digest="abc",
        counts=Counts(dev=60, sealed=40, trials=5, samples=500, pool_hits=0, failed=0, unreadable=0.0),
        spend=Spend(500, 30_000, 0.0),
        budget=Budget(calls=1_000),
        preference=Preference(),
        seconds=12.0,
        winner=winner,
        prompt=(),
        leaders=(winner,),
        comparison=(),
        interaction=None,
        interaction_note="the pool fills no balanced table",
        curves=(),
        importance=Importance("PED-ANOVA", {}, "too few trials"),
        command="jointopt run small.yaml",
    )
