"""Best-of-n that stops when another sample is not worth its price (Pandora's box, Weitzman 1979; 2510.01394)."""

from dataclasses import dataclass
from functools import lru_cache
from math import erfc, exp, pi, sqrt

import numpy as np

from jointopt.strategies.ballots import Flags, Floats, Seen
from jointopt.strategies.best_of import pick_best
from jointopt.strategies.limits import require_between
from jointopt.strategies.selecting import Selecting
from jointopt.strategies.selectors import LOGPROB, Selector
from jointopt.strategies.windows import Stopping


@dataclass(frozen=True)
class Reservation(Selecting, Stopping):
    """The best sample so far, once it reaches the reservation value.

    That value is where one more sample would improve on the best by no more than `gain`, in expectation, if ratings
    are normal with the mean and spread of those seen. Two samples are asked at least.

    Attributes:
        by: who rates.
        gain: the improvement that is not worth another sample, in standard deviations of the ratings.
        reserve: a rating that is good enough at once; by default none is.
    """

    by: Selector = LOGPROB
    gain: float = 0.1
    reserve: float = 1e300

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("gain", self.gain, 0.0, 0.4, "write more than 0 and less than 0.4 standard deviations")
        require_between("reserve", self.reserve, -1e300, 1e301, "write a rating, e.g. 0.9")

    def enough(self, seen: Seen) -> Flags:
        """The best is as good as can be expected."""
        best = seen.ratings.max(axis=-1)
        found = best >= self.reserve
        if seen.t == 1:
            return np.asarray(found)
        mean, spread = seen.ratings.mean(axis=-1), seen.ratings.std(axis=-1, ddof=1)
        return np.asarray(found | (best - mean >= _threshold(self.gain) * spread))

    def wins(self, seen: Seen) -> Floats:
        """The highest rating so far."""
        return pick_best(seen.ratings)


@lru_cache
def _threshold(gain: float) -> float:
    """How many standard deviations above the mean the best must be: where the expected improvement is `gain`."""
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        density, above = exp(-(middle**2) / 2) / sqrt(2 * pi), erfc(middle / sqrt(2)) / 2
        low, high = (middle, high) if density - middle * above > gain else (low, middle)
    return low
