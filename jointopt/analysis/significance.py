"""Is one policy better than another, or was it luck? Two columns of scores in, a difference with its interval out.

It knows neither policies nor samples: the same examples in the same order are all it asks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jointopt.domain.scorecard import Z95

SURE = 0.05  # of being wrong about any of the comparisons that are corrected for each other
_TINY = 1e-9  # spreads and gaps below this are rounding, not data
_HALVINGS = 30  # of an interval: far below what is printed


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of a paired difference over examples.

    Attributes:
        mean: mean score of the first minus mean score of the second, -1 to 1.
        low: lower end of the 95% interval.
        high: upper end.
        p: two-sided p-value of "no difference"; below 0.05 exactly where the interval leaves zero out.
        examples: how many pairs.
    """

    mean: float
    low: float
    high: float
    p: float
    examples: int

    @property
    def settled(self) -> bool:
        """Whether the interval leaves zero out, so that the sign of the difference can be trusted."""
        return self.low > 0 or self.high < 0


def paired_difference(a: ArrayLike, b: ArrayLike, *, reach: float = 1.0, inflation: float = 1.0) -> Difference:
    """Compare two policies on the same Q examples.

    One test gives both numbers: p is its value at no difference, the interval holds every mean that it does not refuse
    at 5%. It is a score test: the distance of the mean from the one that is tested, in standard errors of the likeliest
    distribution that has the tested mean (Owen 1988), which may put chance on gaps that lie within reach and were not
    seen. For scores of 0 and 1 this is Tango's interval (1998); no gap at all on twelve examples does not make two
    policies equal. It assumes independent examples and bounded gaps, not symmetry, and covers at 10 examples as at 150
    (``tests/bench/bench_comparison.py``); small smooth gaps on few examples make it wider than need be. One example
    settles nothing: its interval is all that is possible, and its p 1.

    Args:
        a: scores of the first policy, shape (Q,).
        b: of the second.
        reach: the largest gap that is possible; a larger one that was seen stands in its place.
        inflation: how many times larger the mean's variance is than that of independent gaps.

    Raises:
        ValueError: the columns differ in length, are empty, or hold NaN.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ValueError(f"two columns of the same examples are needed, got shapes {first.shape} and {second.shape}")
    gaps = first - second
    if np.isnan(gaps).any():
        raise ValueError("a score is missing (NaN)")
    mean, most = float(gaps.mean()), max(reach, float(np.abs(gaps).max()))
    if len(gaps) == 1:
        return Difference(mean, -most, most, 1.0, 1)
    p = 2 * NormalDist().cdf(-abs(_distance(gaps, 0.0, most)) / inflation**0.5)
    limit = Z95 * inflation**0.5
    return Difference(mean, _end(gaps, -most, most, limit), _end(gaps, most, most, limit), p, len(gaps))


def holm(ps: Sequence[float], tests: int = 0) -> list[float]:
    """P-values corrected for so many tests (Holm 1979), of which these are the smallest; without a number, for these.

    The chance that any of those below a limit is there by luck is at most that limit, however they depend.
    """
    tests, corrected, least = tests or len(ps), [1.0] * len(ps), 0.0
    for rank, place in enumerate(np.argsort(ps)):
        least = max(least, min(1.0, max(1, tests - rank) * ps[place]))
        corrected[place] = least
    return corrected


def standing(found: Sequence[Difference | None]) -> list[bool]:
    """Which of several differences stand after correction for all of them (Holm); None is no comparison."""
    ps = [one.p if one and one.settled else 1.0 for one in found]
    tests = sum(one is not None for one in found)
    return [p < SURE for p in holm(ps, tests)] if tests else [False] * len(found)


def p_ahead(gaps: NDArray[np.float64], *, reach: float = 1.0) -> float:
    """The one-sided p-value of "the mean gap is not above 0", by the same test; 1 on a single example, shape (Q,)."""
    if len(gaps) == 1:
        return 1.0
    return NormalDist().cdf(-errors_ahead(gaps, reach=reach))


def errors_ahead(gaps: NDArray[np.float64], *, reach: float = 1.0) -> float:
    """By how many standard errors the mean gap is above 0, by the same test: settled from `Z95` on, shape (Q,)."""
    return _distance(gaps, 0.0, max(reach, float(np.abs(gaps).max())))


def _end(gaps: NDArray[np.float64], far: float, reach: float, limit: float) -> float:
    """The last mean on the way to `far` that the test does not refuse: no further away than the limit."""
    near = float(gaps.mean())
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        if abs(_distance(gaps, middle, reach)) <= limit:
            near = middle
        else:
            far = middle
    return near


def _distance(gaps: NDArray[np.float64], mean: float, reach: float) -> float:
    """How many standard errors the gaps' mean lies above a supposed one.

    The likeliest distribution of that mean gives a gap g the chance 1 / Q(1 + t(g - mean)), and what is left to the end
    of the reach, where the slope t stops.
    """
    apart = gaps - mean
    if abs(apart.mean()) < _TINY:
        return 0.0
    up = apart.mean() > 0
    room = reach + mean if up else reach - mean  # from the supposed mean to the end on its other side
    apart = apart if up else -apart
    slope = 1 / max(room, _TINY)
    if (apart / np.maximum(1 + slope * apart, _TINY)).sum() < 0:
        slope = _slope(apart, slope)
    chances = 1 / (len(gaps) * np.maximum(1 + slope * apart, _TINY))
    spare = max(0.0, 1 - float(chances.sum()))
    variance = float(chances @ apart**2) + spare * room**2
    distance = float(apart.mean() / np.sqrt(variance / len(gaps)))
    return distance if up else -distance


def _slope(apart: NDArray[np.float64], high: float) -> float:
    """Where the likeliest distribution has the supposed mean: by Newton's steps, by halving where one leads astray."""
    low, slope, before = 0.0, high / 2, np.inf
    for _ in range(2 * _HALVINGS):
        each = apart / (1 + slope * apart)
        missed = float(each.sum())
        if abs(missed) < _TINY * float(np.abs(each).sum()):
            break
        low, high = (slope, high) if missed > 0 else (low, slope)
        ahead = slope + missed / float(each @ each)
        slope = ahead if low < ahead < high and abs(missed) < before / 2 else (low + high) / 2
        before = abs(missed)
    return slope
