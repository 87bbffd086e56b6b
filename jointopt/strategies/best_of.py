"""The sample that a selector likes best, of n."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from jointopt.strategies.ballots import Ballots, Floats, Seen
from jointopt.strategies.selecting import Selecting
from jointopt.strategies.selectors import LOGPROB, Selector


@dataclass(frozen=True)
class BestOf(Selecting):
    """The sample with the highest rating; equals share the win, live by lot.

    Attributes:
        by: who rates.
    """

    by: Selector = LOGPROB

    def wins(self, seen: Seen) -> Floats:
        """The highest rating wins."""
        return pick_best(seen.ratings)

    def chances(self, ballots: Ballots, ns: Sequence[int]) -> Floats:
        """Vote i of rank r (from the worst, 1) is the best of n with chance C(r - 1, n - 1) / C(K, n).

        Ranked by the selector and scored by the truth (Walder & Karkhanis 2505.15201); equals share their chances.
        """
        pools, samples = ballots.ratings.shape
        by_rank = np.array([[comb(rank, n - 1) / comb(samples, n) for rank in range(samples)] for n in ns])
        order = np.argsort(ballots.ratings, axis=1, kind="stable")
        rising = np.take_along_axis(ballots.ratings, order, axis=1)
        group = np.cumsum(rising != np.concatenate([rising[:, :1], rising[:, :-1]], axis=1), axis=1)
        place = (group + np.arange(pools)[:, None] * samples).reshape(-1)
        sizes = np.bincount(place, minlength=pools * samples)[place].reshape(pools, samples)
        chances = np.empty((pools, len(ns), samples))
        for i, ranks in enumerate(by_rank):
            sums = np.bincount(place, np.tile(ranks, pools), pools * samples)[place].reshape(pools, samples)
            np.put_along_axis(chances[:, i], order, sums / sizes, axis=1)
        return chances


def pick_best(ratings: Floats) -> Floats:
    """The chance of each vote when the highest rating wins, equals sharing it."""
    best = ratings == ratings.max(axis=-1, keepdims=True)
    return np.asarray(best / best.sum(axis=-1, keepdims=True))
