"""Votes as arrays, so that a rule judges thousands of pools in many orders at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Vote

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Answers = NDArray[np.int16]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ballots:
    """B pools of K votes each. All arrays have shape (B, K).

    Attributes:
        answers: numbers of the answers, from 0 in each pool; equal answers have equal numbers, no answer has one too.
        ratings: what a selector thinks of each vote; NaN where none was asked.
        tokens: the length of each vote's completion.
    """

    answers: Answers
    ratings: Floats
    tokens: Integers

    @classmethod
    def of(cls, pools: Sequence[Sequence[Vote]]) -> "Ballots":
        """Pools of equally many votes."""
        return cls(
            np.array([_number(pool) for pool in pools], dtype=np.int16),
            np.array([[vote.rating for vote in pool] for pool in pools], dtype=np.float64),
            np.array([[vote.tokens for vote in pool] for pool in pools], dtype=np.int64),
        )

    @property
    def samples(self) -> int:
        """K."""
        return int(self.answers.shape[1])

    @cached_property
    def kinds(self) -> int:
        """The most different answers in a pool: A."""
        return int(np.max(self.answers, initial=-1)) + 1

    @cached_property
    def counts(self) -> Integers:
        """How often each answer stands in each pool, shape (B, A)."""
        return np.asarray((self.answers[..., None] == np.arange(self.kinds)).sum(axis=1), dtype=np.int64)

    def shared(self, by_answer: Floats) -> Floats:
        """Chances of answers, shape (B, N, A), shared evenly among the votes that gave them: shape (B, N, K)."""
        each = by_answer / np.maximum(self.counts, 1)[:, None, :]
        return np.take_along_axis(each, self.answers[:, None, :].astype(np.intp), axis=2)


def _number(pool: Sequence[Vote]) -> list[int]:
    numbers: dict[str | None, int] = {}
    return [numbers.setdefault(vote.answer, len(numbers)) for vote in pool]


@dataclass(frozen=True, eq=False)
class Drawn:
    """The same pools, drawn in R orders. All arrays have shape (B, R, T): the first T votes of each order."""

    answers: Answers
    ratings: Floats
    tokens: Integers
    kinds: int
    _weighed: dict[float, Floats] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, ballots: Ballots, orders: Integers) -> "Drawn":
        """Draw in these orders, shape (R, T): places in the pool."""
        return cls.numbered(ballots.answers[:, orders], ballots.ratings[:, orders], ballots.tokens[:, orders])

    @classmethod
    def numbered(cls, answers: Answers, ratings: Floats, tokens: Integers) -> "Drawn":
        """Votes by the numbers of their answers, which may be more than an order has votes, as where all are free text.

        Then each order numbers its own answers anew: all that is counted has a place for every number.
        """
        if int(np.max(answers, initial=-1)) >= answers.shape[-1]:
            answers = _renumber(answers)
        return cls(answers, ratings, tokens, int(np.max(answers, initial=-1)) + 1)

    def first(self, t: int) -> "Seen":
        """What a strategy has seen when t votes are drawn."""
        return Seen(self, t)

    @cached_property
    def is_answer(self) -> Floats:
        """1 where a vote gave an answer, shape (T, A, B, R): what is summed over lies first, which is fast."""
        answers = np.ascontiguousarray(np.moveaxis(self.answers, -1, 0))
        return np.asarray(answers[:, None] == np.arange(self.kinds)[:, None, None], dtype=np.float64)

    @cached_property
    def tallies(self) -> Floats:
        """How often each answer was given, up to each vote, shape (T, A, B, R)."""
        return running(self.is_answer)

    def log_tallies(self, temperature: float) -> Floats:
        """Log of each answer's sum of exp(rating / temperature), up to each vote, shape (T, A, B, R).

        Logs, so that no rating, however high, makes those before it vanish; -inf where no vote has a rating.
        """
        if temperature not in self._weighed:
            ratings = np.where(np.isnan(self.ratings), -np.inf, np.clip(self.ratings, None, _HIGHEST)) / temperature
            sums = np.where(self.is_answer > 0, np.moveaxis(ratings, -1, 0)[:, None], -np.inf)
            for t in range(1, len(sums)):
                sums[t] = np.logaddexp(sums[t], sums[t - 1])
            self._weighed[temperature] = sums
        return self._weighed[temperature]


@dataclass(frozen=True, slots=True)
class Seen:
    """The first t votes of every order: what a rule may look at. Arrays have shape (B, R, t), tallies (A, B, R)."""

    drawn: Drawn
    t: int

    @property
    def answers(self) -> Answers:
        """Numbers of the answers."""
        return self.drawn.answers[..., : self.t]

    @property
    def ratings(self) -> Floats:
        """What a selector thinks of each vote."""
        return self.drawn.ratings[..., : self.t]

    @property
    def tokens(self) -> Integers:
        """The length of each vote's completion."""
        return self.drawn.tokens[..., : self.t]

    @property
    def counts(self) -> Floats:
        """How often each answer was given."""
        return np.asarray(self.drawn.tallies[self.t - 1])

    def among(self, votes: Flags) -> Floats:
        """How often each answer was given by some of the votes, shape (B, R, t)."""
        in_turn = np.ascontiguousarray(np.moveaxis(votes, -1, 0), dtype=np.float64)
        return np.asarray(np.einsum("tabr,tbr->abr", self.drawn.is_answer[: self.t], in_turn))

    def since(self, w: int) -> Floats:
        """How often each answer was given among the last w votes."""
        earlier = self.drawn.tallies[self.t - 1 - w] if self.t > w else 0.0
        return np.asarray(self.counts - earlier)

    def tally(self, temperature: float) -> Floats:
        """Each answer's sum of exp(rating / temperature), up to a factor; a vote without a rating weighs nothing."""
        logs = self.drawn.log_tallies(temperature)[self.t - 1]
        best = logs.max(axis=0)
        weights = np.exp(logs - np.where(np.isfinite(best), best, 0.0))
        return np.where(self.counts > 0, weights, -1.0)  # where no vote weighs anything, all answers given tie

    def shared(self, by_answer: Floats, voters: Floats) -> Floats:
        """Chances of answers, shape (A, B, R), shared evenly among so many votes for each: shape (B, R, t)."""
        each = np.moveaxis(by_answer / np.maximum(voters, 1), 0, -1)
        return np.asarray(np.take_along_axis(each, self.answers.astype(np.intp), axis=-1))


_HIGHEST = 1e100  # a rating above it counts as that


def _renumber(answers: Answers) -> Answers:
    """Numbers from 0 for the different answers of each order, shape (B, R, T)."""
    rising = np.argsort(answers, axis=-1, kind="stable")
    others = np.diff(np.take_along_axis(answers, rising, axis=-1), axis=-1, prepend=answers.min()) > 0
    others[..., 0] = False
    numbers = np.empty_like(answers)
    np.put_along_axis(numbers, rising, np.cumsum(others, axis=-1, dtype=answers.dtype), axis=-1)
    return numbers


def running(terms: Floats) -> Floats:
    """The running sums along the first axis; across rows numpy's cumsum takes several times as long."""
    sums = terms.copy()
    for t in range(1, len(sums)):
        sums[t] += sums[t - 1]
    return sums


_SAME = 1e-12  # weights that differ by less are equal: sums of the same terms in another order


def highest(tally: Floats) -> Floats:
    """The chance of each answer to win with the highest tally, shape (A, B, R): tied answers share evenly."""
    tied = tally >= tally.max(axis=0) * (1 - _SAME)
    return np.asarray(tied / tied.sum(axis=0))


def leaders(counts: Floats, how_many: int) -> Floats:
    """The largest counts, falling, shape (how_many, B, R); 0 where there are fewer answers."""
    missing = np.zeros((max(0, how_many - len(counts)), *counts.shape[1:]))
    return np.asarray(-np.sort(-np.concatenate([counts, missing]), axis=0)[:how_many])
