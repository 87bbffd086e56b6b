"""The tree-structured Parzen estimator, which learns from every policy that the pool scores: from the harvest, too."""

from math import isfinite
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial

from jointopt.search.samplers.informed import Informed

MOST = 400  # policies that the estimator is fitted to
STARTUP = 12  # trials chosen by lot first: one trial's harvest alone would have TPE go on where that one happened to be
BEST = 50  # of them the best; the others are drawn from the rest


class Tpe(Informed):
    """TPE over a flat space, fitted to what the pool says now.

    A trial's samples score many policies beside its own, and old scores grow more precise. So each suggestion comes
    from a fresh study in memory that holds the present scores; the persistent study keeps the trials that were run.
    """

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """TPE's own suggestion."""
        rng = np.random.default_rng([self.seed, trial.number])
        memory = optuna.create_study(direction="maximize", sampler=_estimator(int(rng.integers(2**31))))
        for params, value in self._some(rng) if trial.number >= STARTUP else ():
            memory.add_trial(optuna.create_trial(value=value, params=params, distributions=self.distributions))
        return memory.ask(self.distributions).params

    def _some(self, rng: np.random.Generator) -> list[tuple[dict[str, Any], float]]:
        scored = [entry for entry in self.known() if isfinite(entry[1])]
        if len(scored) <= MOST:
            return scored
        scored.sort(key=lambda entry: -entry[1])
        rest = rng.choice(np.arange(BEST, len(scored)), size=MOST - BEST, replace=False)
        return scored[:BEST] + [scored[place] for place in sorted(rest)]


def build_tpe(seed: int) -> Tpe:
    """With the harvest."""
    return Tpe(seed)


def _estimator(seed: int) -> TPESampler:
    """Every argument is written down: their defaults change between versions. No parameter depends on another, so the
    joint (multivariate) estimate never falls back to independent ones.
    """
    return TPESampler(
        n_startup_trials=1,
        n_ei_candidates=24,
        seed=seed,
        multivariate=True,
        group=False,
        constant_liar=True,
    )
