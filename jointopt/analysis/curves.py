"""How each prompt fares as n grows, and two that change places on the way.

It knows scores per example; where they come from is not its business.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jointopt.domain.scorecard import interval

LIKELY = 0.8  # a change at least this probable is drawn as one, where none was tested

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
