"""In which orders a pool of K votes is replayed: few, and spread so that they say as much as many."""

from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

ORDERS = 32  # of a pool, where there are more than so many
_ALL = 5  # pools of up to so many votes are replayed in every order


@lru_cache
def draw_orders(samples: int, first: int) -> NDArray[np.int64]:
    """Orders of K votes of which the first few are looked at, shape (R, K), the same for every pool of K.

    Each random order is turned by half of what is looked at, so that its plays begin with different votes: every vote
    is used about equally often. Every order is as likely as any other, so a mean over them has no bias; its variance is
    that of 1 to 1.8 times as many independent orders (`tests/bench/bench_estimates.py`). Small pools are replayed in
    all of their orders, which is exact.

    Args:
        samples: K.
        first: how many votes of each order are looked at, at most.
    """
    if samples <= _ALL:
        return np.array(list(permutations(range(samples))), dtype=np.int64)
    rng, turn = np.random.default_rng(samples), max(1, first // 2)
    rows: list[NDArray[np.int64]] = []
    while len(rows) < ORDERS:
        order = rng.permutation(samples)
        rows += [np.roll(order, -start) for start in range(0, samples - turn + 1, turn)]
    return np.array(rows[:ORDERS], dtype=np.int64)
