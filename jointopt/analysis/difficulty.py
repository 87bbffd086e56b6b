"""Do hard questions want another policy than easy ones?

What says how hard a question is and what is scored on it are different samples: the same luck must not do both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.crossfit import cross_difference, cross_fit, deal_halves
from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.significance import Difference
from jointopt.domain import Policy
from jointopt.domain.scorecard import interval

BINS = 4
FEWEST = 6  # questions in a bin, three in each half

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions between two levels of difficulty.

    Attributes:
        low: the least mean score of a single sample in the bin, over all sources, 0 to 1, by the held-out samples.
        high: the largest.
        examples: how many questions.
        best: the policy that is the best on the bin's questions.
        score: of `best` on them; flattered by having been chosen.
        overall: of `Difficulty.overall` on them.
        gain: of choosing by one half of the bin's questions over choosing by one half of all, on the others, and the
            other way round, paired (cross-fitted): not flattered; often negative where the bin is small.
        scores: of every policy of `Difficulty.policies` on them, in that order.
    """

    low: float
    high: float
    examples: int
    best: Policy
    score: Estimate
    overall: Estimate
    gain: Difference
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The best policy by difficulty.

    Attributes:
        bins: the hardest first, about equally many questions in each.
        overall: the policy that is the best on all questions, of those that are compared here.
        policies: what is compared: those that the scored samples cover.
        held_out: samples of every source and question that say how hard it is, and nothing else.
        scored: samples of every source and question that the scores rest on: the largest n compared.
        examples: in all.
        gain: of choosing the policy by the bin over one for all, on all questions together, cross-fitted as in `Bin`.
    """

    bins: tuple[Bin, ...]
    overall: Policy
    policies: tuple[Policy, ...]
    held_out: int
    scored: int
    examples: int
    gain: Difference


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Scores of P policies on Q questions, and how easy those are by other samples.

    Attributes:
        policies: P of them.
        scores: shape (P, Q), from `scored` samples of every source and question.
        ease: the mean score of a held-out sample over all sources, 0 to 1, shape (Q,).
        held_out: samples of every source and question behind `ease`.
        scored: samples of every source and question behind `scores`.
    """

    policies: Sequence[Policy]
    scores: Array
    ease: Array
    held_out: int
    scored: int


def find_difficulty(apart: Apart, *, seed: int = 0) -> Difficulty | Absent:
    """The best policy for hard and for easy questions, and what choosing by difficulty is worth on other questions."""
    count = len(apart.ease)
    if len(apart.policies) <= 1:
        return Absent("fewer than two policies can be scored on one part of the samples")
    if np.isnan(apart.scores).any() or np.isnan(apart.ease).any():
        return Absent("some scores are missing")
    if count < 2 * FEWEST:
        return Absent(f"{count} questions are too few to sort by difficulty: {2 * FEWEST} are needed")
    bins = _sort(apart.ease)
    if bins.max() == 0:
        return Absent("by the held-out samples all questions are about equally hard")
    halves = np.zeros(count, dtype=np.int64)
    for place in range(bins.max() + 1):
        halves[bins == place] = deal_halves(int((bins == place).sum()), seed + place)
    for_all = cross_fit(apart.scores, halves)
    own = np.array(for_all)
    for place in range(bins.max() + 1):
        inside = bins == place
        own[inside] = cross_fit(apart.scores[:, inside], halves[inside])
    best = int(np.round(apart.scores.mean(axis=1), 12).argmax())
    return Difficulty(
        bins=tuple(_bin(apart, bins == place, own - for_all, best) for place in range(bins.max() + 1)),
        overall=apart.policies[best],
        policies=tuple(apart.policies),
        held_out=apart.held_out,
        scored=apart.scored,
        examples=count,
        gain=cross_difference(own - for_all),
    )


def _sort(ease: Array) -> Integers:
    """The bin of each question, the hardest first; equally hard questions share one, and no bin is too small."""
    wanted = min(BINS, len(ease) // FEWEST)
    edges = np.quantile(ease, np.arange(1, wanted) / wanted)
    bins = np.searchsorted(np.unique(edges), ease, side="left")
    for place in range(int(bins.max()), -1, -1):  # a small one joins its harder neighbour, the hardest its easier one
        if 0 < (bins == place).sum() < FEWEST:
            bins[bins == place] = place - 1 if place else 1
    return np.asarray(np.unique(bins, return_inverse=True)[1], dtype=np.int64)


def _bin(apart: Apart, inside: NDArray[np.bool_], gains: Array, overall: int) -> Bin:
    scores = apart.scores[:, inside]
    means = scores.mean(axis=1)
    best = int(np.round(means, 12).argmax())
    return Bin(
        low=float(apart.ease[inside].min()),
        high=float(apart.ease[inside].max()),
        examples=int(inside.sum()),
        best=apart.policies[best],
        score=Estimate(float(means[best]), *interval(scores[best])),
        overall=Estimate(float(means[overall]), *interval(scores[overall])),
        gain=cross_difference(gains[inside]),
        scores=tuple(map(float, means)),
    )
