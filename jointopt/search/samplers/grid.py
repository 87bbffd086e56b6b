"""Every policy once, in an order by lot; then again, which samples them deeper."""

from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial

from jointopt.search.samplers.informed import Informed


class Grid(Informed):
    """Goes through the space. Its place is the trial's number, so that a resumed study goes on where it was."""

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The next policy."""
        every = self.known()
        order = np.random.default_rng(self.seed).permutation(len(every))
        params, _ = every[int(order[trial.number % len(every)])]
        return params


def build_grid(seed: int) -> Grid:
    """Over all policies."""
    return Grid(seed)
