"""The sample that a selector likes best, of n."""

from collections.abc import Sequence
from math import comb
from random import Random

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Vote
from jointopt.strategies.base import Ask, Moves, Strategy


class BestOf(Strategy):
    """The sample with the highest mean log-probability per token; equals share the win, live by lot."""

    needs_logprobs = True

    def moves(self, n: int, rng: Random) -> Moves:
        """Ask n times at once and keep the likeliest."""
        votes = yield Ask(n)
        best = max(vote.logprob for vote in votes)
        return rng.choice([vote.answer for vote in votes if vote.logprob == best])

    def chances(self, votes: Sequence[Vote], n: int) -> NDArray[np.float64]:
        """Vote i of rank r (from the worst, 1) is the best of n with chance C(r - 1, n - 1) / C(K, n).

        Ranked by the selector and scored by the truth (Walder & Karkhanis 2505.15201); equals share their chances.
        """
        selector = np.array([vote.logprob for vote in votes])
        order = np.argsort(selector, kind="stable")
        by_rank = np.array([comb(rank, n - 1) for rank in range(len(votes))]) / comb(len(votes), n)
        chances = np.empty(len(votes))
        chances[order] = by_rank
        _, group = np.unique(selector, return_inverse=True)
        shared = np.bincount(group, weights=chances) / np.bincount(group)
        return np.asarray(shared[group], dtype=np.float64)
