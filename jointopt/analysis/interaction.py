"""How much of what a study saw is due to the prompt, to the strategy, to n, and to their meeting?

Functional ANOVA of a balanced table of scores, corrected for sampling noise. It knows names of factors and levels,
and nothing of what they mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.resampling import draw_weights, ends
from jointopt.analysis.significance import SURE, holm
from jointopt.analysis.table import MORE, Table, balance, without_constants
from jointopt.errors import NothingToReport

_FLOOR = 0.1  # a resampled total below this part of the total would make shares explode
_TINY = 1e-12
_FEWEST = 6  # examples: of five, whatever the effect, more than 5% of the signs make it look as large
_FINE = 40  # draws for each effect: a p-value has to be small enough to stand after correction for all of them
TRIPLE = ("prompt", "strategy", "n")  # the meeting of three that is told apart; other meetings are pooled

Effect = tuple[str, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """What an effect contributes to the variance of the cell means.

    Attributes:
        effect: the factors that meet in it, one for a main effect.
        share: of the total variance; unbiased, so it may come out a little below 0.
        low: lower end of the 95% interval.
        high: upper end.
        p_null: the p-value of "this effect is noise".
    """

    effect: Effect
    share: float
    low: float
    high: float
    p_null: float

    @property
    def real(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Interaction:
    """The variance shares of a table.

    Attributes:
        factors: those that have more than one level.
        shares: by order, then in the table's order; with `rest` they sum to 1.
        total_variance: of the true cell means, estimated without bias, in squared score.
        examples: Q.
        note: what a reader must know, in words; often empty.
        rest: every effect that is not among the shares, pooled (its `effect` is empty); None where nothing is left.
        left_out: what an unbalanced pool did not fill and the table therefore lacks, in words; empty where it is full.
        doubtful: whether all differences together may be sampling noise, so that no share is to be taken as real.
    """

    factors: tuple[str, ...]
    shares: tuple[Share, ...]
    total_variance: float
    examples: int
    note: str = ""
    rest: Share | None = None
    left_out: str = ""
    doubtful: bool = False

    @property
    def stands(self) -> tuple[bool, ...]:
        """Whether each share is more than noise, corrected (Holm) for all factors alone, or for all meetings."""
        sure: dict[Effect, bool] = {}
        for meet in (False, True):
            kind = [share for share in self.shares if (len(share.effect) > 1) == meet]
            corrected = holm([share.p_null if share.real and not self.doubtful else 1.0 for share in kind])
            sure |= {share.effect: p < SURE for share, p in zip(kind, corrected, strict=True)}
        return tuple(sure[share.effect] for share in self.shares)

    @property
    def standing(self) -> list[Share]:
        """The shares that are more than noise after correction."""
        return [share for share, sure in zip(self.shares, self.stands, strict=True) if sure]

    @property
    def alone(self) -> list[Share]:
        """The factors' own shares, the largest first."""
        return sorted((share for share in self.shares if len(share.effect) == 1), key=lambda share: -share.share)

    @property
    def rival(self) -> Share | None:
        """The factor whose own share may be as large as the largest; None where that one is clear of all others."""
        first, *others = self.alone
        near = [share for share in others if first not in self.standing or share.high >= first.low]
        return max(near, key=lambda share: share.high, default=None)

    @property
    def meetings(self) -> list[Share]:
        """What factors make together beyond noise, corrected for all meetings, the largest first."""
        together = [share for share in self.standing if len(share.effect) > 1]
        return sorted(together, key=lambda share: -share.share)

    def of(self, *effect: str) -> Share | None:
        """The share of an effect, its factors named in any order."""
        return next((share for share in self.shares if set(share.effect) == set(effect)), None)

    def total(self, factor: str) -> float:
        """The factor's own share and that of every meeting it takes part in."""
        return sum(share.share for share in self.shares if factor in share.effect)


def variance_shares(
    table: Table, *, meetings: Sequence[Effect] = (TRIPLE,), draws: int = 1000, seed: int = 0
) -> Interaction:
    """The share of every factor, pair and some larger meetings in the variance of the cell means; all else is pooled.

    The plug-in share reports interaction where there is only noise. Here each example's table is projected on an
    orthonormal basis of the effect, and only products of *different* examples count: their noise is independent, so
    the estimate has no bias. Intervals are percentiles of a bootstrap over examples with the same rule. Of a table with
    holes its balanced part is taken, and the findings say what that leaves out.

    Args:
        table: of scores.
        meetings: effects of three factors or more that are told apart, where the table has them.
        draws: of the bootstrap, at least.
        seed: of the draws.

    Raises:
        NothingToReport: no variance can be told from noise, fewer than six examples, nothing varies.
    """
    full, left_out = balance(table)
    table, note = without_constants(full)
    if len(table.values) < _FEWEST:
        raise NothingToReport(f"{len(table.values)} examples are too few to tell an effect from noise", mend=MORE)
    count, axes, effects = len(table.values), range(len(table.factors)), list(_effects(table.factors, meetings))
    resampling = _Resampling.of(count, max(draws, _FINE * len(effects)), seed)
    centred = table.values - table.values.mean(axis=tuple(axis + 1 for axis in axes), keepdims=True)
    total = resampling.look(centred.reshape(count, -1) / centred[0].size ** 0.5)
    _refuse_noise(total.variance, float((centred**2).mean()))
    rest, shares = total, []
    for effect in effects:
        seen = resampling.look(_projection(table.values, effect))
        rest = rest.without(seen)
        shares.append(seen.share(tuple(table.factors[axis] for axis in effect), total, count))
    pooled = rest.share((), total, count) if len(shares) < 2 ** len(axes) - 1 else None
    doubtful = bool(ends(total.resampled, count)[0] <= 0)
    if doubtful:
        note = f"{note} All differences together may be sampling noise: take no share as real.".strip()
    return Interaction(table.factors, tuple(shares), total.variance, count, note, pooled, left_out, doubtful)


def _effects(factors: tuple[str, ...], meetings: Sequence[Effect]) -> Iterator[tuple[int, ...]]:
    """The axes of every factor, every pair, and the larger meetings of which the table has all factors."""
    axes = range(len(factors))
    yield from ((axis,) for axis in axes)
    yield from combinations(axes, 2)
    for meeting in meetings:
        if set(meeting) <= set(factors):
            yield tuple(sorted(factors.index(name) for name in meeting))


def components(mean_table: Array, factors: tuple[str, ...]) -> dict[Effect, float]:
    """The variance component of every effect in a table of means, shape (L1, ..., Lf), taken as free of noise."""
    orders = range(1, len(factors) + 1)
    effects = (effect for order in orders for effect in combinations(range(len(factors)), order))
    return {
        tuple(factors[axis] for axis in effect): float((_projection(mean_table[None], effect) ** 2).sum())
        for effect in effects
    }


def _refuse_noise(total: float, spread: float) -> None:
    """Stop where there is no variance to share out; `spread` is that of cells within examples, noise included."""
    if spread < _TINY:
        raise NothingToReport("every cell of the table scores the same on every example", mend=MORE)
    if total <= _TINY * spread:
        raise NothingToReport("the cells of the table differ no more than sampling noise makes them", mend=MORE)


def _projection(values: Array, effect: tuple[int, ...]) -> Array:
    """Each example's coordinates of an effect, shape (Q, dimensions); their squares sum to its variance."""
    rest = tuple(axis + 1 for axis in range(values.ndim - 1) if axis not in effect)
    part: Array = values.mean(axis=rest)
    for basis in _bases(part.shape[1:]):
        part = np.tensordot(part, basis, axes=(1, 0))  # takes the first axis away and appends its coordinates
    return part.reshape(len(values), -1)


def _bases(levels: tuple[int, ...]) -> Iterator[Array]:
    """For each factor an orthonormal basis of what sums to zero over its levels, scaled to means of squares."""
    for count in levels:
        columns = np.column_stack([np.ones(count), np.eye(count)[:, 1:]])
        yield np.linalg.qr(columns)[0][:, 1:] / count**0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """An effect's variance, as it is, in every resample, and under random signs; the latter of shape (draws,)."""

    variance: float
    resampled: Array
    flipped: Array

    def without(self, other: "_Seen") -> "_Seen":
        """What is left when another effect is taken out."""
        parts = (self.variance - other.variance, self.resampled - other.resampled, self.flipped - other.flipped)
        return _Seen(*parts)

    def share(self, effect: Effect, total: "_Seen", count: int) -> Share:
        """The effect's share in the total variance of a table of so many examples."""
        shares = self.resampled / np.maximum(total.resampled, _FLOOR * total.variance)
        as_large = self.flipped >= self.variance - _TINY * total.variance
        p_null = float((1 + as_large.sum()) / (1 + len(self.flipped)))  # without an effect, signs are exchangeable
        return Share(effect, self.variance / total.variance, *ends(shares, count), p_null)


@dataclass(frozen=True, slots=True, eq=False)
class _Resampling:
    """The same resamples of the examples for every effect.

    Attributes:
        weights: of the examples in each resample, shape (draws, Q).
        signs: +1 and -1 at random, shape (draws, Q): what noise alone might have looked like.
    """

    weights: Array
    signs: Array

    @classmethod
    def of(cls, count: int, draws: int, seed: int) -> "_Resampling":
        """Draws over `count` examples. One example drawn every time has no other to meet: such a draw is left out."""
        weights = draw_weights(count, draws, seed)
        signs: Array = np.random.default_rng([seed, 1]).choice(np.array([-1.0, 1.0]), size=(draws, count))
        return cls(weights[(weights**2).sum(axis=1) < 1 - 1 / (2 * count)], signs)

    def look(self, coordinates: Array) -> _Seen:
        """The unbiased variance of the examples' coordinates, shape (Q, dimensions), and what resamples make of it."""
        gram = _gram(coordinates)
        pairs = len(gram) * (len(gram) - 1)
        resampled = _forms(gram, self.weights) / (1 - (self.weights**2).sum(axis=1))
        return _Seen(float(gram.sum()) / pairs, resampled, _forms(gram, self.signs) / pairs)


def _gram(coordinates: Array) -> Array:
    """The products of different examples' coordinates, shape (Q, Q); an example's with itself, its noise, is cut."""
    gram: Array = coordinates @ coordinates.T
    np.fill_diagonal(gram, 0.0)
    return gram


def _forms(gram: Array, weights: Array) -> Array:
    """The quadratic form of each row of weights, shape (draws,)."""
    forms: Array = np.einsum("dq,dq->d", weights @ gram, weights)
    return forms
