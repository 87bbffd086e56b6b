"""A vote that stops when its leader is probably the true one (Aggarwal et al. 2305.11860)."""

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np

from jointopt.strategies.ballots import Flags, Floats, Seen, leaders
from jointopt.strategies.limits import require_between
from jointopt.strategies.windows import StoppingVote


@dataclass(frozen=True)
class AdaptiveConsistency(StoppingVote):
    """A majority that stops when P(Beta(v1 + 1, v2 + 1) > 1/2) >= threshold, v1 and v2 its two largest counts.

    Attributes:
        threshold: how probable the leader must be, above 1/2 and below 1.
    """

    threshold: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("threshold", self.threshold, 0.5, 1.0, "write more than 0.5 and less than 1, e.g. 0.95")

    def enough(self, seen: Seen) -> Flags:
        """The leader is probable enough."""
        ahead = leaders(seen.counts, 2).astype(np.intp)
        return np.asarray(_beats(seen.t)[ahead[0], ahead[1]] >= self.threshold)


@lru_cache
def _beats(most: int) -> Floats:
    """P(Beta(v1 + 1, v2 + 1) > 1/2) for counts up to `most`: the chance of at most v1 heads in v1 + v2 + 1 tosses."""
    table = np.zeros((most + 1, most + 1))
    for v1 in range(most + 1):
        for v2 in range(min(v1, most - v1) + 1):
            tosses = v1 + v2 + 1
            table[v1, v2] = sum(comb(tosses, heads) for heads in range(v1 + 1)) / 2**tosses
    return table
