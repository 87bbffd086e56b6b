"""Samplers that plan: they say what the next trials buy, and for which policies, instead of being asked for each.

Each is an Optuna sampler, so that a study's record names it as it does any other.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
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

    Attributes:
        why: the plan ended, in words.
        mark: what the round under way began with, as JSON has it; empty in a round that is the plan's beginning.
    """

    LEARNT: ClassVar[Sequence[str]] = ()  # the attributes that a round begins with
    why: str = "the budget is spent"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.mark: dict[str, Any] = {}

    def plan(self, view: View, mark: Mapping[str, Any] | None = None) -> Iterator[Sequence[Buy]]:
        """What to buy, round by round.

        Args:
            view: of the task.
            mark: of the round to go on with, if what was bought before it is in the view already.
        """
        self.rng, self.mark = np.random.default_rng(self.seed), {}
        self.begin(view)
        for name, value in (mark or {}).items():
            setattr(self, name, _read(value, getattr(self, name)))
        yield from self.rounds(view)

    @abstractmethod
    def begin(self, view: View) -> None:
        """Nothing is known yet."""

    @abstractmethod
    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """What to buy next, by all that is known."""

    def set_mark(self) -> None:
        """Say that a round begins, with what is known."""
        self.mark = {name: _plain(getattr(self, name)) for name in self.LEARNT}

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


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    return value.tolist() if isinstance(value, np.ndarray) else value


def _read(value: Any, like: Any) -> Any:
    """A value out of JSON, of the type that another one has."""
    if isinstance(like, np.random.Generator):
        like.bit_generator.state = value
        return like
    return np.array(value, dtype=like.dtype) if isinstance(like, np.ndarray) else value
