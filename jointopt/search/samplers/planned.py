"""Samplers that plan: beside the policy of the next trial they say what it buys. Each is an Optuna sampler too."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
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
        self._next: tuple[dict[str, BaseDistribution], dict[str, Any]] = ({}, {})

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

    def aim(self, distributions: Mapping[str, BaseDistribution], params: Mapping[str, Any]) -> None:
        """Have the next trial stand for these parameters."""
        self._next = dict(distributions), dict(params)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """All parameters: the plan leaves none to chance."""
        return self._next[0]

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The parameters of the plan's next policy."""
        return self._next[1]

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that the plan does not know: there is none."""
        raise ValueError(f"{param_name!r} is no parameter of this study's plan")
