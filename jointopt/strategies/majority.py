"""The most frequent answer of n samples (self-consistency, Wang et al. 2203.11171)."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import comb
from random import Random

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Vote
from jointopt.strategies.base import Ask, Moves, Strategy


class Majority(Strategy):
    """The most frequent answer wins; tied answers share the win, live by lot. No answer is an answer of its own."""

    def moves(self, n: int, rng: Random) -> Moves:
        """Ask n times at once, count, and draw lots among the most frequent."""
        votes = yield Ask(n)
        counts = Counter(vote.answer for vote in votes)
        most = max(counts.values())
        return rng.choice([answer for answer, count in counts.items() if count == most])

    def chances(self, votes: Sequence[Vote], n: int) -> NDArray[np.float64]:
        """Each answer's chance to win, shared evenly between the votes that gave it."""
        counts = Counter(vote.answer for vote in votes)
        answers = sorted(counts, key=lambda answer: -counts[answer])
        wins = win_chances(tuple(counts[answer] for answer in answers), n)
        share = {answer: win / counts[answer] for answer, win in zip(answers, wins, strict=True)}
        return np.array([share[vote.answer] for vote in votes])


@lru_cache(maxsize=200_000)
def win_chances(counts: tuple[int, ...], n: int) -> tuple[float, ...]:
    """The chance of each answer to win a vote of n drawn without replacement from `counts`, ties shared.

    Args:
        counts: how often each answer stands among the K votes, sorted downwards so that equal pools share one result.
        n: votes drawn, at most K.

    Exact: for every m, the ways in which an answer has m votes and all others fewer, or as many (each tie halves the
    win again: credit 1 / (1 + ties)), as coefficients of a polynomial in two variables, over C(K, n).
    """
    by_count = {count: _win_chance(counts, counts.index(count), n) for count in set(counts)}
    return tuple(by_count[count] for count in counts)


def _win_chance(counts: tuple[int, ...], mine: int, n: int) -> float:
    rivals = [count for place, count in enumerate(counts) if place != mine]
    won = 0.0
    for m in range(1, min(counts[mine], n) + 1):
        by_ties = _ways(rivals, m, n - m)
        won += comb(counts[mine], m) * float((by_ties / np.arange(1, len(by_ties) + 1)).sum())
    return won / comb(sum(counts), n)


def _ways(rivals: list[int], m: int, left: int) -> NDArray[np.float64]:
    """In how many ways `left` votes fall on the rivals with none above m, by how many rivals reach m exactly."""
    ways = np.zeros((left // m + 1, left + 1))  # (ties, votes placed) -> ways
    ways[0, 0] = 1
    for count in rivals:
        grown = ways.copy()
        for j in range(1, min(count, m - 1, left) + 1):
            grown[:, j:] += comb(count, j) * ways[:, : left + 1 - j]
        if m <= min(count, left):
            grown[1:, m:] += comb(count, m) * ways[:-1, : left + 1 - m]
        ways = grown
    return np.asarray(ways[:, left])
