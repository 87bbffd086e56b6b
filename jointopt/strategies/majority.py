"""The most frequent answer of n samples (self-consistency, Wang et al. 2203.11171)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, exp, log

import numpy as np

from jointopt.strategies.ballots import Ballots, Floats, Integers, Seen, highest
from jointopt.strategies.windows import Electing

_AT_ONCE = 512  # pools worked on at a time: their polynomials then stay in the processor's cache
_MOST = 100_000  # pools whose chances are remembered
_known: dict[tuple[tuple[int, ...], bytes], Floats] = {}  # by numbers of votes and a pool's counts


@dataclass(frozen=True)
class Majority(Electing):
    """The most frequent answer wins; tied answers share the win, live by lot. No answer is an answer of its own."""

    def elects(self, seen: Seen) -> Floats:
        """The most frequent answer."""
        return highest(seen.counts)

    def elected(self, ballots: Ballots, ns: Sequence[int]) -> Floats:
        """Exactly."""
        return win_chances(ballots.counts, ns)


def win_chances(counts: Integers, ns: Sequence[int]) -> Floats:
    """The chance of each answer to win a vote of n drawn without replacement, ties shared: shape (B, len(ns), A).

    Args:
        counts: how often each of A answers stands in each of B pools of K votes, shape (B, A).
        ns: votes drawn, each at most K.

    Exact. With m votes for one answer, the ways in which all others have fewer, or as many and share the win, are
    coefficients of a product of polynomials: sum over j < m of C(c, j) x^j, and y C(c, m) x^m for a tie. A share of
    1 / (1 + ties) is the integral of y^ties over 0 to 1, which Gauss's quadrature gives without error.

    The order of the answers aside, most pools of a study are alike: what was worked out for one is remembered.
    """
    falling = np.argsort(-counts, axis=1, kind="stable")
    ordered = np.take_along_axis(counts, falling, axis=1)
    pools, place = np.unique(ordered, axis=0, return_inverse=True)
    in_order = _recall(pools, tuple(ns))[place.reshape(-1)]
    chances = np.empty_like(in_order)
    np.put_along_axis(chances, falling[:, None, :].repeat(len(ns), axis=1), in_order, axis=2)
    return chances


def _recall(pools: Integers, ns: tuple[int, ...]) -> Floats:
    """The chances in pools whose counts fall, shape (B, len(ns), A): those that are not known are worked out first,
    together where they have equally many answers.
    """
    kinds = (pools > 0).sum(axis=1)
    keys = [(ns, pool[:kind].tobytes()) for pool, kind in zip(pools, kinds, strict=True)]
    found = [_known.get(key) for key in keys]
    fresh = np.array([chances is None for chances in found])
    if len(_known) > _MOST:
        _known.clear()
    for kind in np.unique(kinds[fresh]):
        places = np.flatnonzero(fresh & (kinds == kind))
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            for place, worked_out in zip(some, _exact(pools[some, :kind], ns), strict=True):
                found[place] = _known[keys[place]] = worked_out
    chances = np.zeros((len(pools), len(ns), pools.shape[1]))
    for row, kind, each in zip(chances, kinds, found, strict=True):
        row[:, :kind] = each
    return chances


def _exact(counts: Integers, ns: Sequence[int]) -> Floats:
    """The same for pools whose counts fall and are not zero."""
    most, samples = max(ns), int(counts[0].sum())
    scale = most / samples  # of x: keeps the coefficients of large pools within a float's range
    ways = _binomials(counts, most, scale)
    won = np.zeros((len(counts), len(ns), counts.shape[1]))
    for m in range(1, min(most, int(counts.max())) + 1):
        pools, able = np.flatnonzero(counts[:, 0] >= m), int((counts >= m).any(axis=0).sum())
        reached = [i for i, n in enumerate(ns) if n >= m]
        others = _without_each(ways[pools], counts[pools], m, able, [ns[i] - m for i in reached])
        for place, i in enumerate(reached):
            won[pools, i, :able] += ways[pools, :able, m] * others[place]
    totals = [exp(log(comb(samples, n)) + n * log(scale)) for n in ns]
    return np.asarray(won / np.array(totals)[None, :, None])


def _binomials(counts: Integers, most: int, scale: float) -> Floats:
    """C(c, j) scale^j for j = 0 to `most`, shape (B, A, most + 1)."""
    factors = np.ones((*counts.shape, most + 1))
    for j in range(1, most + 1):
        factors[..., j] = np.maximum(counts - j + 1, 0) / j * scale
    return np.asarray(np.cumprod(factors, axis=-1))


def _without_each(ways: Floats, counts: Integers, m: int, able: int, lefts: Sequence[int]) -> Floats:
    """For each of the first answers, those that are `able` to have m votes, the ways to place so many votes on all
    others with none above m: shape (len(lefts), B, able).
    """
    pools, kinds = counts.shape
    left = max(lefts)
    y, weights = _gauss(min(kinds - 1, left // m))
    rivals = [_rival(ways[:, kind], int(counts[:, kind].max()), m, left, y) for kind in range(kinds)]
    before = np.zeros((pools, len(y), left + 1))
    before[..., 0] = 1.0
    after = [before]
    for rival in reversed(rivals[1:]):
        after.append(_times(after[-1], rival))
    whole = np.empty((len(lefts), pools, able))
    for kind in range(able):
        rest = after.pop()
        for i, votes in enumerate(lefts):
            placed = np.einsum("byj,byj->by", before[..., : votes + 1], rest[..., votes::-1])
            whole[i, :, kind] = placed @ weights
        before = _times(before, rivals[kind]) if kind < able - 1 else before
    return whole


@lru_cache
def _gauss(degree: int) -> tuple[Floats, Floats]:
    """Nodes and weights that integrate a polynomial of some degree over 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return np.asarray((nodes + 1) / 2), np.asarray(weights / 2)


def _rival(ways: Floats, most: int, m: int, left: int, y: Floats) -> Floats:
    """A rival's polynomial up to its highest power, shape (B, nodes, powers)."""
    reach = min(m, left, most)
    polynomial = np.repeat(ways[:, None, : reach + 1], len(y), axis=1)
    if reach == m:
        polynomial[..., m] *= y
    return polynomial


def _times(product: Floats, rival: Floats) -> Floats:
    """The product with one more rival, cut at the same power."""
    powers = product.shape[-1]
    grown = product * rival[..., :1]
    for j in range(1, rival.shape[-1]):
        grown[..., j:] += rival[..., j : j + 1] * product[..., : powers - j]
    return grown
