"""Samplers that suggest, and are told what the pool says of every policy, not only of those that were tried."""

from collections.abc import Callable, Mapping
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

Known = Callable[[], list[tuple[dict[str, Any], float]]]  # every policy's parameters and utility; NaN where unknown


class Informed(BaseSampler):
    """An Optuna sampler that knows the whole space.

    Args:
        seed: of its choices.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.distributions: dict[str, BaseDistribution] = {}
        self.known: Known = list

    def inform(self, distributions: Mapping[str, BaseDistribution], known: Known) -> None:
        """Tell the parameters, and where to ask what is known."""
        self.distributions, self.known = dict(distributions), known

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """All parameters, together."""
        return self.distributions

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that the space does not know: there is none."""
        raise ValueError(f"{param_name!r} is no parameter of this study's space")
