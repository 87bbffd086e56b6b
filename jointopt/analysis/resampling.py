"""The bootstrap over examples that every finding shares: the same resamples for all that is compared."""

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Estimate
from jointopt.domain.scorecard import Z95

DRAWS = 2000
_T95 = {1: 12.7062, 2: 4.3027, 3: 3.1824}  # Student's t at 97.5% by degrees of freedom, where the series is too short

Array = NDArray[np.float64]


def draw_weights(count: int, draws: int = DRAWS, seed: int = 0) -> Array:
    """How much each of `count` examples weighs in each resample, shape (draws, count); each sums to 1."""
    rng = np.random.default_rng(seed)
    weights: Array = rng.multinomial(count, np.full(count, 1 / count), size=draws) / count
    return weights


def ends(values: Array, count: int) -> tuple[float, float]:
    """The 95% interval of resampled values, shape (draws,), that rest on so many examples; infinite ones count as such.

    Percentiles, taken further out where examples are few: a resample of ten is too narrow by itself (the expanded
    percentile interval of Hesterberg 2015, The American Statistician 69:371).
    """
    level = NormalDist().cdf(-sqrt(count / max(count - 1, 1)) * t95(count - 1))
    ordered = np.sort(values)
    last = len(ordered) - 1
    low, high = round(level * last), last - round(level * last)  # a value that was drawn: infinity cannot be averaged
    return float(ordered[low]), float(ordered[high])


def estimate(mean: float, values: Array, count: int) -> Estimate:
    """What was observed, with the interval of its resampled values."""
    low, high = ends(values, count)
    return Estimate(float(mean), min(low, float(mean)), max(high, float(mean)))


def mean_estimate(column: Array, weights: Array) -> Estimate:
    """The mean of a column of Q values, with its interval under weights of shape (draws, Q)."""
    return estimate(float(column.mean()), weights @ column, len(column))


def chance(happened: Iterable[bool] | NDArray[np.bool_]) -> float:
    """The share of resamples in which something happened."""
    return float(np.mean(np.asarray(happened, dtype=np.float64)))


def t95(freedom: int) -> float:
    """Student's t at 97.5% (Abramowitz & Stegun 26.7.5), to half a percent."""
    if freedom <= max(_T95):
        return _T95[max(freedom, 1)]
    z, v = Z95, freedom
    terms = (
        z,
        (z**3 + z) / (4 * v),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3),
    )
    return sum(terms)
