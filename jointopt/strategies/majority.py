"""The most frequent answer of n samples (self-consistency, Wang et al. 2203.11171)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, exp, log

import numpy as np

from jointopt.strategies.ballots import Ballots, Floats, Integers, Seen, highest
from jointopt.strategies.windows import Electing

_AT_ONCE = 512  # pools worked on at a time: their polynomials then stay in the processor's cache


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
    """
    falling = np.argsort(-counts, axis=1, kind="stable")
    ordered = np.take_along_axis(counts, falling, axis=1)
    pools, place = np.unique(ordered, axis=0, return_inverse=True)
    parts = [_exact(pools[start : start + _AT_ONCE], ns) for start in range(0, len(pools), _AT_ONCE)]
    in_order = np.concatenate(parts)[place.reshape(-1)]
    chances = np.empty_like(in_order)
    np.put_along_axis(chances, falling[:, None, :].repeat(len(ns), axis=1), in_order, axis=2)
    return chances


def _exact(counts: Integers, ns: Sequence[int]) -> Floats:
    """The same for pools whose counts fall."""
    most, samples = max(ns), int(counts[0].sum())
    scale = most / samples  # of x: keeps the coefficients of large pools within a float's range
    ways = _binomials(counts, most, scale)
    won = np.zeros((len(counts), len(ns), counts.shape[1]))
    for m in range(1, min(most, int(counts.max())) + 1):
        left = most - m
        others = _without_each(ways, counts, m, left)
        for i, n in enumerate(ns):
            if n >= m:
                won[:, i, :] += ways[:, :, m] * others[:, :, n - m]
    totals = [exp(log(comb(samples, n)) + n * log(scale)) for n in ns]
    return np.asarray(won / np.array(totals)[None, :, None])


def _binomials(counts: Integers, most: int, scale: float) -> Floats:
    """C(c, j) scale^j for j = 0 to `most`, shape (B, A, most + 1)."""
    factors = np.ones((*counts.shape, most + 1))
    for j in range(1, most + 1):
        factors[..., j] = np.maximum(counts - j + 1, 0) / j * scale
    return np.asarray(np.cumprod(factors, axis=-1))


def _without_each(ways: Floats, counts: Integers, m: int, left: int) -> Floats:
    """For each answer, the ways to place votes 0 to `left` on all others with none above m: shape (B, A, left + 1)."""
    pools, kinds = counts.shape
    ties = min(kinds - 1, left // m)
    nodes, weights = np.polynomial.legendre.leggauss(ties // 2 + 1)
    y = np.asarray((nodes + 1) / 2, dtype=np.float64)
    rivals = [_rival(ways[:, kind], int(counts[:, kind].max()), m, left, y) for kind in range(kinds)]
    one = np.zeros((pools, len(y), left + 1))
    one[..., 0] = 1.0
    before, after = [one], [one]
    for kind in range(kinds - 1):
        before.append(_times(before[-1], rivals[kind]))
        after.append(_times(after[-1], rivals[kinds - 1 - kind]))
    whole = np.empty((pools, kinds, left + 1))
    for kind in range(kinds):
        product = _times(before[kind], after[kinds - 1 - kind])
        whole[:, kind] = np.einsum("bye,y->be", product, weights / 2)
    return whole


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
