"""Of the questions that nobody has answered yet, how many would more samples answer?

By counts alone: how many questions were answered right once, twice, never. No shape of their chances is assumed: a Beta
prior fitted to the same counts is sure of the wrong number where the chances have another shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb, exp, floor, sqrt

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.resampling import draw_weights, ends
from jointopt.domain.scorecard import Z95

_TERMS = 8  # of the series where it falls quickly
_SMOOTH = 4  # terms where it does not, each weighted by the chance that a coin shows as many heads
_DRAWS = 1000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What so many more samples of each question are expected to solve: a forecast, not a measurement.

    Attributes:
        more: further samples of each question on average, from the same sources in the same parts.
        solved: how many of the unsolved questions would be solved, and the 95% interval of that number.
        probability: that at least one would be, 0 to 1.
    """

    more: int
    solved: Estimate
    probability: float


@dataclass(frozen=True, slots=True)
class Unsolved:
    """The questions that no sample answered right.

    Attributes:
        examples: their ids.
        samples: that each of the questions was asked for, of all sources together, on average.
        within_reach: how many of them have any chance of being solved by samples of these sources: the mean is a lower
            bound (Chao 1987), `low` the lower end of its 95% interval; more, up to all of them (`high`), are possible.
        forecasts: for half as many samples again, and for as many again.
        label: what has to stand beside these numbers: method, source, and that they are a forecast.
    """

    examples: tuple[str, ...]
    samples: float
    within_reach: Estimate
    forecasts: tuple[Forecast, ...]
    label: str = "a forecast (Good & Toulmin 1956, smoothed as by Efron & Thisted 1976; lower bound of Chao 1987)"


def find_unsolved(examples: Sequence[str], right: Array, samples: Array, *, seed: int = 0) -> Unsolved | None:
    """The questions that nobody solved, and what more samples may do; None where every question was solved.

    With t times as many samples again, Good and Toulmin expect ``t f1 - t^2 f2 + t^3 f3 ...`` further questions, where
    fk is how many were answered right exactly k times.

    Args:
        examples: ids, Q of them.
        right: how many samples of each are right, shape (Q,).
        samples: how many each was asked for, of all sources together, shape (Q,).
        seed: of the bootstrap.
    """
    missed = right == 0
    if not missed.any():
        return None
    asked = float(samples.mean())
    return Unsolved(
        examples=tuple(name for name, lost in zip(examples, missed, strict=True) if lost),
        samples=asked,
        within_reach=_chao(right, asked, seed),
        forecasts=tuple(_forecast(right, times, max(1, round(times * asked))) for times in (0.5, 1.0)),
    )


def _forecast(right: Array, times: float, more: int) -> Forecast:
    weights = _series(times)
    counts = np.array([(right == k).sum() for k in range(1, len(weights) + 1)])
    unsolved = int((right == 0).sum())
    expected, variance = max(0.0, float(weights @ counts)), float(weights**2 @ counts)
    low = ceil(max(0.0, expected - Z95 * sqrt(variance + expected)))
    spare = expected + times  # as if one more question had been answered once: none seen does not mean none to come
    high = min(unsolved, floor(spare + Z95 * sqrt(variance + spare)))
    mean = min(expected, float(unsolved))
    return Forecast(more, Estimate(mean, min(float(low), mean), max(float(high), mean)), 1 - exp(-mean))


def _series(times: float) -> Array:
    """What every count of questions answered right once, twice, ... weighs in the forecast."""
    if times < 1:
        return np.array([-((-times) ** k) for k in range(1, _TERMS + 1)])
    part = 1 / (1 + times)
    heads = [comb(_SMOOTH, j) * part**j * (1 - part) ** (_SMOOTH - j) for j in range(_SMOOTH + 1)]
    return np.array([-((-times) ** k) * sum(heads[k:]) for k in range(1, _SMOOTH + 1)])


def _chao(right: Array, asked: float, seed: int) -> Estimate:
    """How many unsolved questions there are at least that somebody will solve at last (Chao 1987, bias-corrected)."""
    classes = np.array([(right == k).astype(np.float64) for k in (0, 1, 2)])
    resampled = classes @ draw_weights(len(right), _DRAWS, seed).T * len(right)
    bound, bounds = (_bound(counts, asked) for counts in (classes.sum(axis=1), resampled))
    low = ends(np.atleast_1d(bounds), len(right))[0]
    return Estimate(float(bound), min(low, float(bound)), float(classes[0].sum()))


def _bound(counts: Array, asked: float) -> Array:
    never, once, twice = counts
    found = (asked - 1) / max(asked, 1.0) * once * np.maximum(once - 1, 0) / (2 * (twice + 1))
    return np.asarray(np.minimum(found, never))
