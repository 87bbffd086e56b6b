"""Every policy once, in an order by lot; then again, which samples them deeper."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial


class Grid(BaseSampler):
    """Goes through the space. Its place is the trial's number, so that a resumed study goes on where it was.

    Args:
        seed: of the order.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.distributions: dict[str, BaseDistribution] = {}
        self.every: Sequence[Mapping[str, Any]] = ()

    def go_through(self, distributions: Mapping[str, BaseDistribution], every: Sequence[Mapping[str, Any]]) -> None:
        """Tell the parameters of every policy."""
        self.distributions, self.every = dict(distributions), every

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """All parameters, together."""
        return self.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The next policy."""
        order = np.random.default_rng(self.seed).permutation(len(self.every))
        return dict(self.every[int(order[trial.number % len(order)])])

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that the space does not know: there is none."""
        raise ValueError(f"{param_name!r} is no parameter of this study's space")


def build_grid(seed: int) -> Grid:
    """Over all policies."""
    return Grid(seed)
