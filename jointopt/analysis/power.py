"""What would settle the comparison that is open? A forecast of examples and samples, never a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Absent
from jointopt.analysis.significance import Difference, paired_difference

MOST = 1_000_000  # examples or samples; more are none
_REACH = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)  # standard errors: seen in 4 of 5 repetitions
_SIZES = (0.01, 0.02, 0.05)
_TINY = 1e-12

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes to settle a difference of some size: a 95% interval that leaves 0 out, in 4 of 5 repetitions.

    Attributes:
        difference: supposed to be the true one, in score.
        examples: needed, with as many samples of each as now; None where more than a million are.
        deep_examples: needed, if each of them were sampled so often that sampling adds nothing; None likewise.
        samples: of each of today's examples that would do; None where no number does, for the examples differ too much.
    """

    difference: float
    examples: int | None
    deep_examples: int | None
    samples: int | None


@dataclass(frozen=True, slots=True)
class Power:
    """The closest comparison that is not settled, and what would settle it.

    Attributes:
        question: in words: what is compared, and where.
        difference: as it is now.
        examples: that it rests on.
        samples: of each example and policy that it rests on.
        example_variance: of the paired difference from example to example, in squared score, sampling taken out.
        sampling_variance: that the samples add to it for each example, at today's number of samples.
        exact: whether the sampling variance was measured by splitting the samples; where these are too few for that, it
            comes from drawing them again (bootstrap), which takes questions on which all agreed for certain.
        least: the smallest true difference that today's examples and samples would settle in 4 of 5 repetitions.
        needs: for the difference as it is now (if it is not 0), then for 1, 2 and 5 points.
        label: what has to stand beside all this.
    """

    question: str
    difference: Difference
    examples: int
    samples: int
    example_variance: float
    sampling_variance: float
    exact: bool
    least: float
    needs: tuple[Need, ...]
    label: str = "a forecast from today's variances: no result"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two policies on the same Q examples.

    Attributes:
        question: in words: what is compared, and where.
        first: scores (or utilities) of one, shape (Q,).
        second: of the other, shape (Q,).
        samples: of each example behind the scores, the fewer of both.
        halves: first minus second on one half of the samples and on the other, shape (2, Q); None where a half is too
            few for the policies' n.
        redrawn: first minus second on samples drawn again from those that there are, shape (draws, Q); looked at where
            there are no halves.
    """

    question: str
    first: Array
    second: Array
    samples: int
    halves: Array | None = None
    redrawn: Array | None = None


def find_power(compared: Sequence[Compared]) -> Power | Absent:
    """The comparison that would take the fewest further examples to settle, and how many."""
    if not compared:
        return Absent("nothing was compared")
    if any(len(one.first) <= 1 for one in compared):
        return Absent("1 example says nothing of how much examples differ")
    if any(np.isnan(one.first).any() or np.isnan(one.second).any() for one in compared):
        return Absent("some scores are missing")
    apart = [one for one in compared if float((one.first - one.second).var()) > _TINY]
    if not apart:
        return Absent("what is compared scores the same on every example")
    unsure = [(one, found) for one in apart if not (found := paired_difference(one.first, one.second)).settled]
    if not unsure:
        return Absent("every comparison is settled")
    closest, difference = min(unsure, key=lambda pair: _effort(*pair))
    return _forecast(closest, difference)


def _effort(one: Compared, difference: Difference) -> float:
    """Examples that it takes, as far as only their order matters."""
    return float((one.first - one.second).var(ddof=1) / max(difference.mean**2, _TINY))


def _forecast(one: Compared, difference: Difference) -> Power:
    gaps = one.first - one.second
    total, count = float(gaps.var(ddof=1)), len(gaps)
    sampling = _sampling(one, total)
    between = total - sampling
    sizes = ([abs(difference.mean)] if abs(difference.mean) > _TINY else []) + list(_SIZES)
    return Power(
        question=one.question,
        difference=difference,
        examples=count,
        samples=one.samples,
        example_variance=between,
        sampling_variance=sampling,
        exact=one.halves is not None,
        least=_REACH * sqrt(total / count),
        needs=tuple(_need(size, between, sampling, count, one.samples) for size in sizes),
    )


def _sampling(one: Compared, total: float) -> float:
    """The part of the gaps' variance that the samples add, for each example.

    Two halves of the samples share the example and nothing else: their covariance is the examples' own variance.
    """
    if one.halves is not None:
        apart = one.halves - one.halves.mean(axis=1, keepdims=True)
        between = float((apart[0] * apart[1]).sum() / (apart.shape[1] - 1))
        return min(total, max(0.0, total - between))
    if one.redrawn is None:
        return 0.0
    return min(total, float(one.redrawn.var(axis=0, ddof=1).mean()))


def _need(size: float, between: float, sampling: float, examples: int, samples: int) -> Need:
    times = (_REACH / size) ** 2
    spare = examples - times * between  # examples' worth of variance that the samples may fill
    deep = samples * times * sampling / spare if spare > 0 else float("inf")
    return Need(size, _whole(times * (between + sampling), 2), _whole(times * between, 2), _whole(deep, 1))


def _whole(amount: float, least: int) -> int | None:
    return max(least, ceil(amount)) if amount <= MOST else None
