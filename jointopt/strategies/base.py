"""What every strategy is: at most n samples become one answer.

A strategy sees votes (what each sample answered), never the truth. It is written once, as a generator that yields
`Ask`s, receives votes and returns lots; `play` runs that generator live or from recorded votes. Where it can, it also
gives a closed form (`Strategy.chances`), or a rule over arrays (`windows.Windows`), from which `evaluation` scores
every n at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import isfunction, isgeneratorfunction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Request, Tactic, Vote
from jointopt.errors import StrategyError, UserError
from jointopt.strategies.ballots import Ballots


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for n more samples of a request; None is the policy's own."""

    n: int
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a strategy may know of a question.

    Attributes:
        request: the policy's own.
        fields: of the example, by name. Its reference is not among them.
    """

    request: Request
    fields: Mapping[str, str]


Lots = Sequence[tuple[Vote, float]]
"""Votes to return, each with its chance; ties share evenly. Live, one is drawn by the seed."""
Moves = Generator[Sequence[Ask], Sequence[Sequence[Vote]], Lots]
"""Yields what is asked at the same time, receives the votes of each ask, returns lots."""
Rating = Generator[Sequence[Ask], Sequence[Sequence[Vote]], Vote]
"""The same for one vote: returns it with its rating, or what became of it."""


class Strategy(ABC):
    """At most n samples become one answer.

    Strategies are frozen dataclasses: their fields are the options that a study file may set. One that makes no sense
    is refused with a StrategyError when it is made. So is told, with its name, whatever a user's own one raises later.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Have what a user's own strategy says told with its name where it fails, whoever asks it."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.partition(".")[0] == __name__.partition(".")[0]:
            return
        for name, part in list(vars(cls).items()):
            if isinstance(part, property) and part.fget:
                setattr(cls, name, property(_telling(part.fget)))
            elif isfunction(part) and not name.startswith("_") and not isgeneratorfunction(part):
                setattr(cls, name, _telling(part))

    @property
    def needs_logprobs(self) -> bool:
        """Whether it is blind without log-probabilities."""
        return False

    @property
    def follows(self) -> bool:
        """Whether it asks requests that depend on earlier samples."""
        return False

    @property
    def rater(self) -> object:
        """Who asks about samples: strategies with the same one share what it asked."""
        return self

    def follow_ups(self, n: int) -> int:
        """The most requests that n samples can lead to, beside their own: by default one for each, where any follow."""
        return n if self.follows else 0

    @abstractmethod
    def moves(self, n: int, case: Case) -> Moves:
        """Ask for at most n samples of the policy's own request, receive their votes, return lots."""

    def chances(self, ballots: Ballots, ns: Sequence[int]) -> NDArray[np.float64] | None:
        """The probability that each of K votes is the one returned, when n of them are drawn without replacement.

        Shape (B, len(ns), K), each pool sums to 1 at every n; its dot product with any score of the votes is the
        exact, unbiased estimate of the strategy's score. None where there is no closed form.
        """
        return None

    def same_as(self, n: int) -> Tactic | None:
        """The plainer tactic that this one cannot differ from at this n; None where it is its own."""
        return Tactic("single", 1) if n == 1 and not self.follows else None


@contextmanager
def told(name: str) -> Iterator[None]:
    """Whatever a strategy of the user's own raises becomes a StrategyError with its name: it is theirs to mend."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        message = f"{name} failed: {type(error).__name__}: {error}"
        mend = "mend the strategy, check_strategy says where; samples that arrived are kept"
        raise StrategyError(message, mend=mend) from error


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def safe(*args: Any, **kwargs: Any) -> Any:
        with told(method.__qualname__):
            return method(*args, **kwargs)

    return safe
