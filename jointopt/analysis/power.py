"""What would settle the comparison that is open? A forecast of examples and samples, never a result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Absent
from jointopt.analysis.significance import Difference, errors_ahead, paired_difference
from jointopt.domain.scorecard import Z95

HALVES, REDRAWN, UNKNOWN = "halves", "redrawn", "unknown"
SCORE, UTILITY = "score", "utility"
MOST = 1_000_000  # examples or samples; more are none
_LUCK = NormalDist().inv_cdf(0.8)  # standard errors by which a mean falls short, at most, in 4 of 5 repetitions
_SIZES = (0.01, 0.02, 0.05)
_TINY = 1e-12
_HALVINGS = 20  # of a difference: far below what is printed

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes to settle a difference of some size: that `paired_difference` leaves 0 out, in 4 of 5 repetitions.

    Attributes:
        difference: supposed to be the true one, in the comparison's unit.
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
        example_variance: of the paired difference from example to example, in squared units, sampling taken out.
        sampling_variance: that the samples add to it for each example, at today's number of samples.
        method: how the sampling variance was measured: by splitting the samples (`HALVES`), without bias; where these
            are too few for that, by drawing them again (`REDRAWN`, a bootstrap), which takes questions on which all
            agreed for certain; or not at all (`UNKNOWN`), and all variance is taken for the examples' own.
        least: the smallest true difference that today's examples and samples would settle in 4 of 5 repetitions;
            infinite where they settle none that is possible.
        needs: for the difference as it is now (if it is not 0), then for 1, 2 and 5 points.
        label: what has to stand beside all this.
        unit: of every difference: ``score``, or ``utility`` where a preference weighs more than the score.
    """

    question: str
    difference: Difference
    examples: int
    samples: int
    example_variance: float
    sampling_variance: float
    method: str
    least: float
    needs: tuple[Need, ...]
    label: str = "a forecast from today's variances: no result"
    unit: str = SCORE

    @property
    def points(self) -> str:
        """What a hundredth of the unit is called."""
        return "points of utility" if self.unit == UTILITY else "points"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two policies on the same Q examples, all in one unit.

    Attributes:
        question: in words: what is compared, and where.
        first: scores (or utilities) of one, shape (Q,).
        second: of the other, shape (Q,).
        samples: of each example behind the scores, the fewer of both.
        halves: first minus second on one half of the samples and on the other, shape (2, Q); None where a half is too
            few for the policies' n.
        redrawn: first minus second on samples drawn again from those that there are, shape (draws, Q); looked at where
            there are no halves.
        reach: the largest gap that is possible.
        unit: of all of them: ``score`` or ``utility``.
    """

    question: str
    first: Array
    second: Array
    samples: int
    halves: Array | None = None
    redrawn: Array | None = None
    reach: float = 1.0
    unit: str = SCORE


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
    tested = [(one, paired_difference(one.first, one.second, reach=one.reach)) for one in apart]
    unsure = [(one, found) for one, found in tested if not found.settled]
    if not unsure:
        return Absent("every comparison is settled")
    closest, difference = min(unsure, key=lambda pair: _effort(*pair))
    return _forecast(closest, difference)


def _effort(one: Compared, difference: Difference) -> tuple[float, float]:
    """Examples that it takes; where nobody has so many, as far as only their order matters."""
    gaps, size = one.first - one.second, abs(difference.mean)
    needed = _examples(_Shape.of(gaps, one.reach), size) if size > _TINY else None
    return needed or float("inf"), float(gaps.var(ddof=1) / max(size**2, _TINY))


def _forecast(one: Compared, difference: Difference) -> Power:
    gaps = one.first - one.second
    total, count = float(gaps.var(ddof=1)), len(gaps)
    sampling = _sampling(one, total)
    sizes = ([abs(difference.mean)] if abs(difference.mean) > _TINY else []) + list(_SIZES)
    shape = _Shape.of(gaps if difference.mean >= 0 else -gaps, one.reach)
    return Power(
        question=one.question,
        difference=difference,
        examples=count,
        samples=one.samples,
        example_variance=total - sampling,
        sampling_variance=sampling,
        method=HALVES if one.halves is not None else REDRAWN if one.redrawn is not None else UNKNOWN,
        least=_least(shape, count),
        needs=tuple(_need(size, shape, sampling / total, one.samples) for size in sizes),
        unit=one.unit,
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


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """How gaps lie about their mean: the seen ones, moved to another mean, stand for those of further examples.

    Attributes:
        apart: each gap minus their mean, shape (Q,).
        reach: the largest gap that is possible.
    """

    apart: Array
    reach: float

    @classmethod
    def of(cls, gaps: Array, reach: float) -> "_Shape":
        return cls(gaps - gaps.mean(), reach)

    def of_variance(self, share: float) -> "_Shape":
        """As wide as this share of today's variance leaves it."""
        return _Shape(self.apart * sqrt(max(0.0, share)), self.reach)

    def settles(self, size: float, examples: float) -> bool:
        """Whether so many examples settle a true difference of this size in 4 of 5 repetitions.

        Their mean falls short of the true one by no more than 0.84 standard errors in 4 of 5; the gaps moved there
        have to pass the very test that says of a comparison that it is settled. Its distance grows with the root of
        the number of examples.
        """
        seen = size - _LUCK * float(self.apart.std(ddof=1)) / sqrt(examples)
        if seen <= 0:
            return False
        return errors_ahead(self.apart + seen, reach=self.reach) * sqrt(examples / len(self.apart)) > Z95


def _need(size: float, shape: _Shape, noise: float, samples: int) -> Need:
    """What settles a difference of this size.

    Args:
        size: above 0.
        shape: of today's gaps.
        noise: the share of their variance that today's samples add.
        samples: of each example today.
    """
    deep = _examples(shape.of_variance(1 - noise), size)
    count = len(shape.apart)
    enough = _first(lambda k: shape.of_variance(1 - noise + noise * samples / k).settles(size, count), 1)
    return Need(size, _examples(shape, size), deep, enough)


def _examples(shape: _Shape, size: float) -> int | None:
    """How many examples settle a difference of this size."""
    return _first(lambda examples: shape.settles(size, examples), 2)


def _first(enough: Callable[[int], bool], least: int) -> int | None:
    """The smallest number that is enough, where more is never worse; None where a million is not."""
    if not enough(MOST):
        return None
    low, high = least - 1, MOST
    while high - low > 1:
        middle = min(high - 1, max(low + 1, isqrt(max(low, 1) * high)))  # a number is as far off by its size
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _least(shape: _Shape, examples: int) -> float:
    """The smallest difference that so many examples settle; infinite where the largest possible one is not settled."""
    low, high = 0.0, max(shape.reach, float(np.abs(shape.apart).max()))
    if not shape.settles(high, examples):
        return float("inf")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if shape.settles(middle, examples) else (middle, high)
    return high
