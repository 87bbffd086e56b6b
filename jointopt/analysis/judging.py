"""How good is whoever selects among samples, what would a better one bring, and is it being gamed?

Ratings and marks of single samples in; it does not know who rated them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.crossfit import deal_halves
from jointopt.analysis.curves import LIKELY
from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.resampling import chance, draw_weights, mean_estimate
from jointopt.analysis.subsets import top_chances
from jointopt.domain import Source
from jointopt.domain.scorecard import interval

ACCURACIES = tuple(round(0.5 + 0.05 * step, 2) for step in range(11))
_RIGHT = 0.5  # a mark above it is right
_DIGITS = 9  # means that agree to so many digits are equal
_GRID = np.linspace(-8.0, 14.0, 1101)  # of ratings, in their own spread; right ones lie up to 6 higher

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gamed:
    """Whether more samples please the judge and not the truth (over-optimisation: Gao et al. 2210.10760).

    Attributes:
        peak_n: the n at which the score is highest.
        last_n: the largest n.
        fall: score at `peak_n` minus score at `last_n`, with its 95% interval by a bootstrap over examples.
        rise: mean rating of the sample picked at `last_n` minus that at `peak_n`, in the judge's own unit.
        probability: that beyond the peak the score truly falls while the rating rises, by a bootstrap over examples;
            the peak is chosen on one half of them and tested on the other, and the other way round. The smaller of
            both chances counts, so that luck does not sound the alarm.
        alarm: whether it is at least `LIKELY`.
    """

    peak_n: int
    last_n: int
    fall: Estimate
    rise: Estimate
    probability: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class Judging:
    """A selector and what it makes of n samples.

    Attributes:
        source: whose samples are rated.
        strategy: label of the strategy that selects by the ratings.
        accuracy: the chance that a right sample is rated above a wrong one of the same question, ties counted half;
            mean over the questions that have both, with its 95% interval. 0.5 is a coin, 1 is the truth.
        questions: how many have both.
        ns: numbers of samples, ascending; N of them.
        scores: of the sample that is rated highest among n, at each n, N.
        ratings: mean rating of that sample at each n, in the judge's own unit, N.
        by_chance: the score of a sample picked by lot: what accuracy 0.5 brings, at every n.
        reach: the score of somebody who always picks a right one (pass@n), at each n, N.
        accuracies: from 0.5 to 1, A of them.
        curve: the score at the largest n of a judge of each of these accuracies, on the same samples (ratings normal,
            equally wide for right and wrong ones), A. A model, labelled as such; the ends are exact where marks are
            only 0 or 1.
        gamed: whether more samples please the judge only; absent where there is but one n.
        examples: that all of it rests on.
    """

    source: Source
    strategy: str
    accuracy: Estimate
    questions: int
    ns: tuple[int, ...]
    scores: tuple[Estimate, ...]
    ratings: tuple[Estimate, ...]
    by_chance: float
    reach: tuple[float, ...]
    accuracies: tuple[float, ...]
    curve: tuple[float, ...]
    gamed: Gamed | Absent
    examples: int


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Samples that somebody rated: K of each of Q questions.

    Attributes:
        source: whose samples.
        strategy: label of the strategy that selects by the ratings.
        ratings: the higher the better, shape (Q, K).
        marks: what each is worth, 0 to 1, shape (Q, K).
    """

    source: Source
    strategy: str
    ratings: Array
    marks: Array


def find_judging(rated: Rated, ns: Sequence[int], *, seed: int = 0) -> Judging | Absent:
    """How well a selector tells right from wrong, and what it makes of n samples, n up to K."""
    count, deepest = rated.marks.shape
    ns = [n for n in sorted(set(ns)) if n <= deepest]
    if count <= 1:
        return Absent(f"{count} example is too few to judge a judge by")
    if not ns or deepest == 1:
        return Absent("there is one sample of every example, and nothing to choose from")
    if not np.isfinite(rated.ratings).all() or np.isnan(rated.marks).any():
        return Absent("some samples have no rating or no mark")
    told = _tell_apart(rated)
    if not len(told):
        return Absent("no example has both right and wrong samples, so that there is nothing to tell apart")
    picked, pleased = _pick(rated, ns)
    reach = [float((np.sort(rated.marks, axis=1) @ top_chances(deepest, n)).mean()) for n in ns]
    weights = draw_weights(count, seed=seed)
    return Judging(
        source=rated.source,
        strategy=rated.strategy,
        accuracy=Estimate(float(told.mean()), *interval(told)),
        questions=len(told),
        ns=tuple(ns),
        scores=tuple(Estimate(float(row.mean()), *interval(row)) for row in picked),
        ratings=tuple(mean_estimate(row, weights) for row in pleased),
        by_chance=float(rated.marks.mean()),
        reach=tuple(reach),
        accuracies=ACCURACIES,
        curve=_imagine(rated.marks, ns[-1], reach[-1]),
        gamed=_game(picked, pleased, ns, weights, seed),
        examples=count,
    )


def _tell_apart(rated: Rated) -> Array:
    """For each question with both kinds, the chance that a right sample is rated above a wrong one; ties count half."""
    found = []
    for ratings, marks in zip(rated.ratings, rated.marks, strict=True):
        right, wrong = ratings[marks > _RIGHT], ratings[marks <= _RIGHT]
        if len(right) and len(wrong):
            gaps = right[:, None] - wrong[None, :]
            found.append(float((gaps > 0).mean() + (gaps == 0).mean() / 2))
    return np.array(found)


def _pick(rated: Rated, ns: Sequence[int]) -> tuple[Array, Array]:
    """What the top-rated of n samples is worth, and its rating: exact over all subsets, shape (N, Q) each."""
    order = rated.ratings.argsort(axis=1)
    ratings = np.take_along_axis(rated.ratings, order, axis=1)
    marks = np.take_along_axis(rated.marks, order, axis=1)
    same = ratings[:, :, None] == ratings[:, None, :]
    shared = np.einsum("qij,qj->qi", same, marks) / same.sum(axis=2)  # of equals each is picked as likely as another
    chances = np.array([top_chances(ratings.shape[1], n) for n in ns])
    return np.asarray(chances @ shared.T), np.asarray(chances @ ratings.T)


def _game(picked: Array, pleased: Array, ns: Sequence[int], weights: Array, seed: int) -> Gamed | Absent:
    """Whether the score falls beyond its peak while the rating rises."""
    if len(ns) == 1:
        return Absent("there is but one n")
    peak = int(np.round(picked.mean(axis=1), _DIGITS).argmax())
    halves = deal_halves(picked.shape[1], seed)
    chances = []
    for half in (0, 1):
        tried, other = halves == half, halves != half
        place = int(np.round(picked[:, other].mean(axis=1), _DIGITS).argmax())
        drawn = draw_weights(int(tried.sum()), seed=seed + half)
        falls, rises = picked[place, tried] - picked[-1, tried], pleased[-1, tried] - pleased[place, tried]
        chances.append(chance((np.round(drawn @ falls, _DIGITS) > 0) & (np.round(drawn @ rises, _DIGITS) > 0)))
    fall, rise = picked[peak] - picked[-1], pleased[-1] - pleased[peak]
    likely = min(chances)
    ends = (mean_estimate(fall, weights), mean_estimate(rise, weights))
    return Gamed(ns[peak], ns[-1], *ends, probability=likely, alarm=likely >= LIKELY)


def _imagine(marks: Array, n: int, reach: float) -> tuple[float, ...]:
    """The score at n of a judge of each accuracy: ratings normal and equally wide, those of right samples higher."""
    deepest = marks.shape[1]
    right = (marks > _RIGHT).sum(axis=1)
    drawn = np.array([[_draws(int(c), deepest, k, n) for k in range(n + 1)] for c in range(deepest + 1)])[right]
    scores = [float((drawn @ _found(accuracy, n)).mean()) for accuracy in ACCURACIES[:-1]]
    return (*scores, reach)


@cache
def _draws(right: int, total: int, k: int, n: int) -> float:
    """The chance of k right ones among n of all samples."""
    return comb(right, k) * comb(total - right, n - k) / comb(total, n)


@cache
def _found(accuracy: float, n: int) -> Array:
    """The chance that a judge picks a right sample when k of n are right, for k from 0 to n."""
    normal, above = NormalDist(), sqrt(2) * NormalDist().inv_cdf(accuracy)
    below = np.array([normal.cdf(x) for x in _GRID])
    shifted = np.array([normal.cdf(x - above) for x in _GRID])
    density = np.array([normal.pdf(x - above) for x in _GRID])
    step = float(_GRID[1] - _GRID[0])
    return np.array(
        [k * float((density * shifted ** max(k - 1, 0) * below ** (n - k)).sum()) * step for k in range(n + 1)]
    )
