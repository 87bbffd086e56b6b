"""The kit: every strategy of ours passes it, and strategies that break a promise do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.domain import Message, Request, Scalar, Vote
from jointopt.errors import StrategyError
from jointopt.strategies import (
    STRATEGIES,
    Ask,
    Ballots,
    Case,
    Lots,
    Moves,
    Playbook,
    Seen,
    Strategy,
    Windows,
    highest,
    sure,
)
from jointopt.strategies.majority import Majority
from jointopt.testing import check_strategy

WITH_OPTIONS: list[tuple[str, dict[str, Scalar]]] = [
    *((name, {}) for name in STRATEGIES),
    ("adaptive_consistency", {"window": 1, "threshold": 0.8}),
    ("bayesian", {"window": 1, "threshold": 0.6, "prior": 3.0}),
    ("best_of", {"by": "careful"}),
    ("best_of", {"by": "p_true"}),
    ("early_stop", {"window": 2}),
    ("refine", {"rounds": 2}),
    ("reservation", {"window": 1, "by": "length", "reserve": 0.4}),
    ("short_first", {"keep": 0.3}),
    ("weighted", {"by": "stated", "temperature": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), WITH_OPTIONS)
def test_ours_keep_what_every_strategy_promises(name: str, options: dict[str, Scalar], playbook: Playbook) -> None:
    """Live, replay and enumeration agree, estimates are unbiased, no cap is passed, no truth is seen."""
    check_strategy(playbook.build(name, tuple(sorted(options.items()))))


@dataclass(frozen=True)
class Plain(Strategy):
    """A user's own, without arrays: the last of n, unless the first two agree."""

    def moves(self, n: int, case: Case) -> Moves:
        """Ask one by one."""
        votes: list[Vote] = []
        while len(votes) < n and not (len(votes) == 2 and votes[0].answer == votes[1].answer):
            ((vote,),) = yield [Ask(1)]
            votes.append(vote)
        return sure(votes[-1])


@dataclass(frozen=True)
class Asking(Strategy):
    """A user's own that asks something of its own: it believes a second opinion."""

    @property
    def follows(self) -> bool:
        """It does."""
        return True

    def moves(self, n: int, case: Case) -> Moves:
        """Ask n, then about the first of them."""
        (votes,) = yield [Ask(n)]
        request = Request(case.request.model, (Message("user", f"{votes[0].text}?"),), 0.0)
        ((second,),) = yield [Ask(1, request)]
        return sure(second if second.answer in {vote.answer for vote in votes} else votes[0])


@pytest.mark.parametrize("strategy", [Plain(), Asking()])
def test_a_users_own_passes(strategy: Strategy) -> None:
    """Without a closed form, and with requests of its own."""
    check_strategy(strategy, most=3)


@dataclass(frozen=True)
class Greedy(Plain):
    """Asks for one more than it may."""

    def moves(self, n: int, case: Case) -> Moves:
        """One too many."""
        (votes,) = yield [Ask(n + 1)]
        return sure(votes[0])


@dataclass(frozen=True)
class Skewed(Majority):
    """Its closed form is wrong by a hair."""

    def elected(self, ballots: Ballots, ns: Sequence[int]) -> NDArray[np.float64]:
        """A millionth too much for the first answer."""
        found = super().elected(ballots, ns)
        found[..., 0] += 1e-6
        return found


@dataclass(frozen=True)
class Loose(Plain):
    """Returns lots that are no chances."""

    def moves(self, n: int, case: Case) -> Moves:
        """Half a chance."""
        (votes,) = yield [Ask(n)]
        half: Lots = [(votes[0], 0.5)]
        return half


LUCK = Random(1)


@dataclass(frozen=True)
class Moody(Plain):
    """Throws dice of its own."""

    def moves(self, n: int, case: Case) -> Moves:
        """Any of them."""
        (votes,) = yield [Ask(n)]
        return sure(LUCK.choice(votes))


class Mutable(Plain):
    """Cannot be a key."""

    __hash__ = None  # type: ignore[assignment]  # what is to be caught


@dataclass(frozen=True)
class Peeking(Windows):
    """Knows the answers by another way, and says so only where it is estimated."""

    def wins(self, seen: Seen) -> NDArray[np.float64]:
        """The first answer of the pool, whatever was drawn, where many are judged at once; else the majority."""
        if seen.answers.shape[1] > 1:
            right = (seen.answers == 0) + 1e-12
            return np.asarray(right / right.sum(axis=-1, keepdims=True))
        return seen.shared(highest(seen.counts), seen.counts)


@dataclass(frozen=True)
class Hiding(Plain):
    """Asks about samples without saying so."""

    def moves(self, n: int, case: Case) -> Moves:
        """A second sample of another request decides."""
        (votes,) = yield [Ask(n)]
        request = Request(case.request.model, (Message("user", votes[0].text),), 0.0)
        ((second,),) = yield [Ask(1, request)]
        return sure(second)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (Greedy(), "asks for"),
        (Skewed(), "enumeration says"),
        (Loose(), "sum to 0.5"),
        (Moody(), "same seed|replay|enumeration"),
        (Mutable(), "hashed"),
        (Peeking(), "enumeration says"),
        (Hiding(), "cannot be scored"),
    ],
)
def test_a_broken_promise_is_told(broken: Strategy, told: str) -> None:
    """By what it breaks."""
    with pytest.raises((AssertionError, StrategyError), match=told):
        check_strategy(broken)
