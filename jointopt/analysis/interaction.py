"""How much of what a study saw is due to the prompt, to the strategy, to n, and to their meeting?

Functional ANOVA of a balanced table of scores, corrected for sampling noise. It knows names of factors and levels,
and nothing of what they mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from jointopt.errors import NothingToReport

_FLOOR = 0.1  # a resampled total below this part of the total would make shares explode
_TINY = 1e-12
_MORE = "let the study run longer, on more examples or with more choices"

Effect = tuple[str, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A balanced table of scores.

    Attributes:
        values: shape (Q, L1, ..., Lf): the score of every cell on each of Q examples.
        factors: f names.
        levels: the names of each factor's levels.
    """

    values: Array
    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if self.values.shape[1:] != tuple(map(len, self.levels)) or len(self.factors) != len(self.levels):
            raise ValueError(f"a table of shape {self.values.shape} does not fit {self.factors} x {self.levels}")


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
        shares: by order, then in the table's order; they sum to 1 where `max_order` reaches every factor.
        total_variance: of the true cell means, estimated without bias, in squared score.
        examples: Q.
        note: what a reader must know, in words; often empty.
        rest: every effect that is not among the shares, pooled (its `effect` is empty); None where nothing is left.
            With it the shares always sum to 1.
        left_out: what an unbalanced pool did not fill and the table therefore lacks, in words; empty where it is full.
    """

    factors: tuple[str, ...]
    shares: tuple[Share, ...]
    total_variance: float
    examples: int
    note: str = ""
    rest: Share | None = None
    left_out: str = ""

    def of(self, *effect: str) -> Share | None:
        """The share of an effect, its factors named in any order."""
        return next((share for share in self.shares if set(share.effect) == set(effect)), None)

    def total(self, factor: str) -> float:
        """The factor's own share and that of every meeting it takes part in."""
        return sum(share.share for share in self.shares if factor in share.effect)


def variance_shares(table: Table, *, max_order: int = 3, draws: int = 1000, seed: int = 0) -> Interaction:
    """The share of every factor, pair (and triple ...) in the variance of the cell means.

    The plug-in share reports interaction where there is only noise. Here each example's table is projected on an
    orthonormal basis of the effect, and only products of *different* examples count: their noise is independent, so
    the estimate has no bias. Intervals are percentiles of a bootstrap over examples with the same rule.

    Raises:
        NothingToReport: no variance can be told from noise, fewer than two examples, a missing score.
    """
    table, note = _without_constants(table)
    count, axes = len(table.values), range(len(table.factors))
    resampling = _Resampling.of(count, draws, seed)
    centred = table.values - table.values.mean(axis=tuple(axis + 1 for axis in axes), keepdims=True)
    total, totals = resampling.variances(centred.reshape(count, -1) / centred[0].size ** 0.5)
    _refuse_noise(total, float((centred**2).mean()))
    floored = np.maximum(totals, _FLOOR * total)
    shares = []
    for effect in (effect for order in range(1, max_order + 1) for effect in combinations(axes, order)):
        coordinates = _projection(table.values, effect)
        variance, variances = resampling.variances(coordinates)
        low, high = np.quantile(variances / floored, (0.025, 0.975))
        p_null = resampling.p_null(coordinates, tolerance=_TINY * total)
        names = tuple(table.factors[axis] for axis in effect)
        shares.append(Share(names, variance / total, float(low), float(high), p_null))
    if np.quantile(totals, 0.025) <= 0:
        note = f"{note} All differences together may be sampling noise: take no share as real.".strip()
    return Interaction(table.factors, tuple(shares), total, count, note)


def components(mean_table: Array, factors: tuple[str, ...]) -> dict[Effect, float]:
    """The variance component of every effect in a table of means, shape (L1, ..., Lf), taken as free of noise."""
    orders = range(1, len(factors) + 1)
    effects = (effect for order in orders for effect in combinations(range(len(factors)), order))
    return {
        tuple(factors[axis] for axis in effect): float((_projection(mean_table[None], effect) ** 2).sum())
        for effect in effects
    }


def _without_constants(table: Table) -> tuple[Table, str]:
    """The table without the factors of one level, and a note that names them."""
    values = table.values
    if np.isnan(values).any():
        raise NothingToReport(f"{int(np.isnan(values).sum())} scores of the table are missing", mend=_MORE)
    if len(values) <= 1:
        raise NothingToReport(f"{len(values)} example cannot tell an effect from noise", mend=_MORE)
    varied = [axis for axis, levels in enumerate(table.levels) if len(levels) > 1]
    if not varied:
        raise NothingToReport("no parameter has more than one choice in the table", mend=_MORE)
    constant = [table.factors[axis] for axis in range(len(table.factors)) if axis not in varied]
    shape = (len(values), *(len(table.levels[axis]) for axis in varied))
    note = f"One choice only, so no share: {', '.join(constant)}." if constant else ""
    names, levels = tuple(table.factors[axis] for axis in varied), tuple(table.levels[axis] for axis in varied)
    return Table(values.reshape(shape), names, levels), note


def _refuse_noise(total: float, spread: float) -> None:
    """Stop where there is no variance to share out; `spread` is that of cells within examples, noise included."""
    if spread < _TINY:
        raise NothingToReport("every cell of the table scores the same on every example", mend=_MORE)
    if total <= _TINY * spread:
        raise NothingToReport("the cells of the table differ no more than sampling noise makes them", mend=_MORE)


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
class _Resampling:
    """The same resamples of the examples for every effect.

    Attributes:
        weights: how often each example is drawn, shape (draws, Q).
        signs: +1 and -1 at random, shape (draws, Q): what noise alone might have looked like.
    """

    weights: Array
    signs: Array

    @classmethod
    def of(cls, count: int, draws: int, seed: int) -> "_Resampling":
        """Draws over `count` examples. One example drawn every time has no other to meet: such a draw is left out."""
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64)
        varied = (weights**2).sum(axis=1) < count**2
        signs: Array = rng.choice(np.array([-1.0, 1.0]), size=(draws, count))
        return cls(weights[varied], signs)

    def variances(self, coordinates: Array) -> tuple[float, Array]:
        """The unbiased variance of the examples' coordinates, and that of every bootstrap draw, shape (draws,)."""
        gram, plain = _gram(coordinates), np.ones((1, len(coordinates)))
        pairs = self.weights.sum(axis=1) ** 2 - (self.weights**2).sum(axis=1)
        observed = float(_forms(gram, plain)[0]) / (len(gram) * (len(gram) - 1))
        resampled: Array = _forms(gram, self.weights) / pairs
        return observed, resampled

    def p_null(self, coordinates: Array, tolerance: float) -> float:
        """The share of sign patterns that give as large a variance; without an effect, signs are exchangeable."""
        gram = _gram(coordinates)
        pairs = len(gram) * (len(gram) - 1)
        flipped, observed = _forms(gram, self.signs) / pairs, gram.sum() / pairs
        return float((1 + (flipped >= observed - tolerance).sum()) / (1 + len(flipped)))


def _gram(coordinates: Array) -> Array:
    """The products of different examples' coordinates, shape (Q, Q); an example's with itself, its noise, is cut."""
    gram: Array = coordinates @ coordinates.T
    np.fill_diagonal(gram, 0.0)
    return gram


def _forms(gram: Array, weights: Array) -> Array:
    """The quadratic form of each row of weights, shape (draws,)."""
    forms: Array = np.einsum("dq,dq->d", weights @ gram, weights)
    return forms
