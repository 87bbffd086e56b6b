"""Which prompts change places between two levels of n, or between two strategies, and how sure is that?

Scores per example in, flips out; it knows names, and nothing of what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.resampling import DRAWS, chance, draw_weights, estimate
from jointopt.analysis.significance import SURE, Difference, holm, p_ahead, paired_difference

MOST = 12  # flips that are told
_DIGITS = 9  # scores that agree to so many digits are equal

Array = NDArray[np.float64]

Fixed = tuple[tuple[str, str], ...]  # (factor, level) pairs that are the same for all that is ranked


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The scores of N choices at L levels of something else, on Q examples.

    Attributes:
        factor: what the choices are of: ``prompt`` or ``source``.
        along: what is varied: ``n`` or ``strategy``.
        names: of the choices, N.
        levels: L; numbers where `along` is n, ascending.
        values: scores, 0 to 1, shape (L, N, Q).
        fixed: what is the same for all of them.
    """

    factor: str
    along: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    values: Array
    fixed: Fixed = ()


@dataclass(frozen=True, slots=True)
class Flip:
    """Two choices that change places between two levels of something else.

    Attributes:
        factor: what changes places: ``prompt``, or ``source`` (prompt and model) where there are several models.
        along: what is varied: ``n`` or ``strategy``.
        first: the choice that is ahead at `before`.
        second: the choice that is ahead at `after`.
        before: the level of `along` at which `first` leads; the smallest n, where `along` is n.
        after: the later level, at which `second` leads; where there are several, the one of which that is surest.
        lead_before: score of `first` minus that of `second` at `before`, paired over examples; positive.
        lead_after: score of `second` minus that of `first` at `after`, paired over examples; positive.
        chance_before: that `first` is truly ahead at `before`, 0 to 1, by a bootstrap over examples.
        chance_after: that `second` is truly ahead at `after`, likewise.
        probability: that both hold, in the same resamples.
        p: of "the order is the same at both levels", the larger of the two one-sided p-values (an intersection-union
            test, Berger 1982), corrected for all pairs and levels that were looked at (Holm 1979).
        meeting: the n at which the two lines first cross, interpolated on a logarithmic scale, and its 95% interval
            over the resamples in which the order swaps; None where `along` is no number.
        fixed: what is the same on both sides, as (factor, level) pairs.
    """

    factor: str
    along: str
    first: str
    second: str
    before: str
    after: str
    lead_before: Difference
    lead_after: Difference
    chance_before: float
    chance_after: float
    probability: float
    p: float
    meeting: Estimate | None
    fixed: Fixed = ()

    @property
    def settled(self) -> bool:
        """Whether the swap stands after correction for everything that was looked at, at 5%."""
        return self.p < SURE


@dataclass(frozen=True, slots=True)
class Ranking:
    """How L levels of one thing rank N choices of another: what a bump chart draws.

    Attributes:
        factor: what is ranked: ``prompt`` or ``source``.
        along: what is varied: ``n`` or ``strategy``.
        names: of the N choices.
        levels: of what is varied, L of them, in their order.
        scores: mean score of every choice at every level, shape (L, N).
        ranks: 1 for the best, equal scores share the mean of their ranks, shape (L, N).
        leads: the chance of every choice to be the best at that level, by a bootstrap over examples, shape (L, N); the
            chances of a level add up to 1.
        fixed: what is the same for all of them, as (factor, level) pairs.
    """

    factor: str
    along: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...]
    ranks: tuple[tuple[float, ...], ...]
    leads: tuple[tuple[float, ...], ...]
    fixed: Fixed = ()


@dataclass(frozen=True, slots=True)
class Flips:
    """Who changes places.

    Attributes:
        flips: every pair whose order is not the same at all levels, the surest first; twelve at most.
        found: how many such pairs there are, those left out included.
        pairs: how many pairs were looked at.
        rankings: one for each model (where prompts are ranked) and strategy along n, then one along the strategies.
        examples: that all of it rests on.
        settled: how many swaps stand after correction, those left out included.
    """

    flips: tuple[Flip, ...]
    found: int
    pairs: int
    rankings: tuple[Ranking, ...]
    examples: int
    settled: int = 0


def find_flips(lines: Sequence[Lines], *, most: int = MOST, draws: int = DRAWS, seed: int = 0) -> Flips | Absent:
    """Every pair of choices that change places between two levels; the surest first, `most` of them told.

    A pair's probability comes from the levels where it looks surest, which flatters it; `Flip.p` pays for that, and for
    all other pairs that were looked at.
    """
    lines = [one for one in lines if len(one.levels) > 1]
    if not lines:
        return Absent("there is but one n and one strategy, so nothing that prompts could change places between")
    lines = [one for one in lines if len(one.names) > 1]
    if not lines:
        return Absent("there is but one prompt and one model, so nothing that could change places")
    examples = lines[0].values.shape[2]
    if examples <= 1:
        return Absent(f"{examples} example cannot tell an order from luck")
    if any(np.isnan(one.values).any() for one in lines):
        return Absent("some scores are missing")
    weights = draw_weights(examples, draws, seed)
    swaps = [swap for one in lines for swap in _swaps(one)]
    pairs = sum(len(one.names) * (len(one.names) - 1) // 2 for one in lines)
    tests = sum(len(_places(one)) * (len(one.names) * (len(one.names) - 1) // 2) for one in lines)
    corrected = holm([swap.p for swap in swaps], tests)
    surest = sorted(zip(corrected, swaps, strict=True), key=lambda pair: (pair[0], pair[1].p))[:most]
    flips = tuple(_flip(swap, p, weights) for p, swap in surest)
    settled = sum(p < SURE for p in corrected)
    return Flips(flips, len(swaps), pairs, tuple(_rank(one, weights) for one in lines), examples, settled)


@dataclass(frozen=True, slots=True, eq=False)
class _Swap:
    """A pair in the order of its earlier level, the levels' places, and the p-value of this swap alone."""

    lines: Lines
    first: int
    second: int
    before: int
    after: int
    p: float

    @property
    def gaps(self) -> Array:
        """First minus second at every level, shape (L, Q)."""
        return np.asarray(self.lines.values[:, self.first] - self.lines.values[:, self.second])


def _swaps(lines: Lines) -> list[_Swap]:
    """The surest swap of every pair whose order is not the same everywhere."""
    means, found = np.round(lines.values.mean(axis=2), _DIGITS), []
    for one, other in combinations(range(len(lines.names)), 2):
        signs = np.sign(means[:, one] - means[:, other])
        if {-1.0, 1.0} <= set(signs.tolist()):
            gaps = lines.values[:, one] - lines.values[:, other]
            ahead = [p_ahead(gap * sign) for gap, sign in zip(gaps, signs, strict=True)]
            places = [pair for pair in _places(lines) if signs[pair[0]] * signs[pair[1]] < 0]
            if not places:  # equal at the smallest n
                continue
            before, after = min(places, key=lambda pair: max(ahead[pair[0]], ahead[pair[1]]))
            first, second = (one, other) if signs[before] > 0 else (other, one)
            found.append(_Swap(lines, first, second, before, after, max(ahead[before], ahead[after])))
    return found


def _places(lines: Lines) -> list[tuple[int, int]]:
    """The pairs of levels that are compared, the earlier first: every n with the smallest, every strategy with every.

    Levels that score the same throughout are one: two votes, their ties shared, are worth one sample.
    """
    values, distinct = np.round(lines.values, _DIGITS), list[int]()
    for level in range(len(values)):
        if not any(np.array_equal(values[level], values[known]) for known in distinct):
            distinct.append(level)
    pairs = combinations(distinct, 2)
    return [pair for pair in pairs if lines.along != "n" or pair[0] == 0]


def _flip(swap: _Swap, p: float, weights: Array) -> Flip:
    lines, gaps = swap.lines, swap.gaps
    resampled = np.round(gaps @ weights.T, _DIGITS)  # a draw in which they are level is no lead of either
    ahead, behind = resampled[swap.before] > 0, resampled[swap.after] < 0
    zero = np.zeros(gaps.shape[1])
    return Flip(
        factor=lines.factor,
        along=lines.along,
        first=lines.names[swap.first],
        second=lines.names[swap.second],
        before=lines.levels[swap.before],
        after=lines.levels[swap.after],
        lead_before=paired_difference(gaps[swap.before], zero),
        lead_after=paired_difference(-gaps[swap.after], zero),
        chance_before=chance(ahead),
        chance_after=chance(behind),
        probability=chance(ahead & behind),
        p=p,
        meeting=_meeting(swap, resampled[:, ahead & behind]) if lines.along == "n" else None,
        fixed=lines.fixed,
    )


def _meeting(swap: _Swap, resampled: Array) -> Estimate:
    """Where the lines cross first between the two levels; `resampled` are the leads of those draws in which they do."""
    span = slice(swap.before, swap.after + 1)
    logs = np.log([float(level) for level in swap.lines.levels[span]])
    seen = _crossing(swap.gaps.mean(axis=1)[span, None], logs)
    drawn = _crossing(resampled[span], logs) if resampled.size else seen
    return estimate(float(seen[0]), drawn, swap.gaps.shape[1])


def _crossing(leads: Array, logs: Array) -> Array:
    """The n at which each column of leads, shape (levels, draws), first falls to 0, straight on a log scale."""
    step = np.maximum((leads <= 0).argmax(axis=0), 1)
    draws = np.arange(leads.shape[1])
    start, end = leads[step - 1, draws], leads[step, draws]
    part = start / np.where(start == end, 1.0, start - end)
    return np.asarray(np.exp(logs[step - 1] + part * (logs[step] - logs[step - 1])))


def _rank(lines: Lines, weights: Array) -> Ranking:
    """Ranks at every level, equal scores sharing theirs, and the chance of each choice to be the best."""
    scores = np.round(lines.values.mean(axis=2), _DIGITS)
    better = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    resampled = np.round(lines.values @ weights.T, _DIGITS)
    best = resampled == resampled.max(axis=1, keepdims=True)
    leads = (best / best.sum(axis=1, keepdims=True)).mean(axis=2)
    tables = (lines.values.mean(axis=2), better + (equal + 1) / 2, leads)
    scores_, ranks, chances = (tuple(tuple(map(float, row)) for row in table) for table in tables)
    return Ranking(lines.factor, lines.along, lines.names, lines.levels, scores_, ranks, chances, lines.fixed)
