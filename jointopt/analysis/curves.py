"""How each prompt fares as n grows, and which prompts change places on the way.

It knows scores per example; where they come from is not its business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from jointopt.domain.scorecard import interval

LIKELY = 0.8  # a swap at least this probable is worth a reader's time, where none was tested

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A prompt's score over n, all else equal.

    Attributes:
        prompt: id.
        model: id.
        strategy: name.
        ns: numbers of samples, ascending; N of them.
        table: score of every n on each of Q examples, shape (N, Q), 0 to 1.
    """

    prompt: str
    model: str
    strategy: str
    ns: tuple[int, ...]
    table: Array

    @property
    def scores(self) -> tuple[float, ...]:
        """Mean score at each n."""
        return tuple(float(score) for score in self.table.mean(axis=1))

    @property
    def lows(self) -> tuple[float, ...]:
        """Lower end of the 95% interval at each n."""
        return tuple(interval(row)[0] for row in self.table)

    @property
    def highs(self) -> tuple[float, ...]:
        """Upper end of the 95% interval at each n."""
        return tuple(interval(row)[1] for row in self.table)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two prompts that change places between two numbers of samples.

    Attributes:
        early: the prompt that is ahead at `from_n`.
        late: the prompt that is ahead at `to_n`.
        model: id.
        strategy: name.
        from_n: the smallest n.
        to_n: the n at which the late prompt is furthest ahead.
        lead_before: by how much the early prompt leads at `from_n`, in score.
        lead_after: by how much the late prompt leads at `to_n`.
        probability: that the order really swaps, by a bootstrap over examples; flattered where pair and n were picked
            for it on the same examples, so no proof.
    """

    early: str
    late: str
    model: str
    strategy: str
    from_n: int
    to_n: int
    lead_before: float
    lead_after: float
    probability: float


def crossings(curves: Sequence[Curve], *, draws: int = 2000, seed: int = 0) -> tuple[Crossing, ...]:
    """Every pair of prompts whose order at some larger n differs from that at the smallest, the surest first.

    Curves are compared where model, strategy, ns and examples are the same.
    """
    found = []
    for one, other in combinations(curves, 2):
        alike = (one.model, one.strategy, one.ns, one.table.shape)
        if alike == (other.model, other.strategy, other.ns, other.table.shape) and one.table.size:
            found.append(_crossing(one, other, draws, seed))
    return tuple(sorted(filter(None, found), key=lambda crossing: -crossing.probability))


def _crossing(one: Curve, other: Curve, draws: int, seed: int) -> Crossing | None:
    """The crossing of two curves, if there is one."""
    gaps = one.table - other.table
    leads = gaps.mean(axis=1)
    if leads[0] < 0:
        one, other, gaps, leads = other, one, -gaps, -leads
    last = int(leads.argmin())
    if leads[0] <= 0 or leads[last] >= 0:
        return None
    count = gaps.shape[1]
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws) / count
    before, after = weights @ gaps[0], weights @ gaps[last]
    probability = float(((before > 0) & (after < 0)).mean())
    ends = (one.ns[0], one.ns[last], float(leads[0]), -float(leads[last]))
    return Crossing(one.prompt, other.prompt, one.model, one.strategy, *ends, probability)
