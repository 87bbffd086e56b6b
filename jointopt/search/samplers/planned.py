"""Samplers that plan: they say what the next trials buy, and for which policies, instead of being asked for each.

Each is an Optuna sampler, so that a study's record names it as it does any other.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from jointopt.domain import BLOCK
from jointopt.search.view import Buy, View

Choice = tuple[int, int]  # source, tactic


class Planned(BaseSampler):
    """An Optuna sampler whose trials follow a plan.

    The plan is a generator, as strategies are: it yields a round, what to buy together, and looks at the view again
    when all of that is there. It ends by itself before the view has no room left. A round has each source once.

    Args:
        seed: of its choices.
    """

    why: str = "the budget is spent"

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @abstractmethod
    def plan(self, view: View) -> Iterator[Sequence[Buy]]:
        """What to buy, round by round."""

    def learn(self, view: View, buys: Sequence[Buy]) -> None:
        """Told what of a round was bought, before the next one is planned."""

    @abstractmethod
    def best(self, view: View) -> list[Choice]:
        """The policy to use under each preference, by all that is known."""

    def least(self, view: View) -> int:
        """The smallest budget that tells policies apart, in samples: a block of every source."""
        return view.sources * min(BLOCK, view.examples)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """None: Optuna is told trials that are done, and asked for none."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, as said."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Refuses: the plan is asked what comes next."""
        raise ValueError(f"{param_name!r} is chosen by a plan: see `plan`")
