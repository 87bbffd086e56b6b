"""Strategies that ask in windows, until they have seen enough.

Each is a rule over arrays, written once: `enough` says when to stop, `wins` which vote is returned. The generator plays
that rule live, on one order of one pool; `evaluation` plays it on thousands of pools in many orders at once.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jointopt.domain import Tactic, Vote
from jointopt.strategies.ballots import Ballots, Drawn, Flags, Floats, Seen, highest
from jointopt.strategies.base import Ask, Case, Lots, Moves, Rating, Strategy
from jointopt.strategies.limits import require_whole
from jointopt.strategies.play import together


class Windows(Strategy):
    """Asks for a window of samples at a time; by default for all n at once.

    One window is one request with n = w: its prompt is billed once (Wang et al. 2408.13457 show what asking one by one
    costs).
    """

    def size(self, n: int) -> int:
        """Samples in a window, when n may be asked in all."""
        return n

    def enough(self, seen: Seen) -> Flags:
        """Whether to stop after these votes, shape (B, R). Only asked at the end of a window."""
        return np.zeros(seen.answers.shape[:-1], dtype=np.bool_)

    @abstractmethod
    def wins(self, seen: Seen) -> Floats:
        """The chance of each vote to be the one returned, shape (B, R, t), sums to 1."""

    def rate(self, case: Case, vote: Vote) -> Rating:
        """What becomes of a vote before it is counted; may ask. By default it stays as it is."""
        return vote
        yield  # a generator that asks nothing

    def moves(self, n: int, case: Case) -> Moves:
        """Ask a window, rate its votes, and go on until that is enough or n are asked."""
        votes: list[Vote] = []
        while len(votes) < n:
            (drawn,) = yield [Ask(min(self.size(n), n - len(votes)))]
            votes += yield from together([self.rate(case, vote) for vote in drawn])
            if self.enough(_seen(votes)).item():
                break
        return _lots(votes, self.wins(_seen(votes))[0, 0])


class Electing(Windows):
    """A strategy whose votes elect an answer: it is returned by one of the votes that gave it, each as likely."""

    @abstractmethod
    def elects(self, seen: Seen) -> Floats:
        """The chance of each answer to win, shape (A, B, R), sums to 1."""

    def elected(self, ballots: Ballots, ns: Sequence[int]) -> Floats | None:
        """The chance of each answer to win when n of K votes are drawn without replacement, shape (B, len(ns), A).

        None where there is no closed form.
        """
        return None

    def wins(self, seen: Seen) -> Floats:
        """Each answer's chance, shared evenly between the votes that gave it."""
        return seen.shared(self.elects(seen), seen.counts)

    def chances(self, ballots: Ballots, ns: Sequence[int]) -> Floats | None:
        """The same in closed form, where there is one."""
        by_answer = self.elected(ballots, ns)
        return None if by_answer is None else ballots.shared(by_answer)


@dataclass(frozen=True)
class Stopping(Windows):
    """A strategy that may stop before n.

    Attributes:
        window: samples asked at a time.
    """

    window: int = 4

    def __post_init__(self) -> None:
        require_whole("window", self.window, 1)

    def size(self, n: int) -> int:
        """The window, or all n where they are fewer."""
        return min(self.window, n)


class StoppingVote(Stopping, Electing):
    """A majority that may end before n: with a window of n or more it is a plain one."""

    def elects(self, seen: Seen) -> Floats:
        """The most frequent answer so far."""
        return highest(seen.counts)

    def same_as(self, n: int) -> Tactic | None:
        """A single sample at n = 1, a majority where the first window is the last."""
        return super().same_as(n) or (Tactic("majority", n) if self.window >= n else None)


def _seen(votes: Sequence[Vote]) -> Seen:
    ballots = Ballots.of([votes])
    return Drawn.of(ballots, np.arange(len(votes))[None, :]).first(len(votes))


def _lots(votes: Sequence[Vote], chances: Floats) -> Lots:
    return [(vote, float(chance)) for vote, chance in zip(votes, chances, strict=True) if chance > 0]
