"""One sample, taken as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jointopt.domain import Tactic
from jointopt.strategies.ballots import Ballots, Floats, Seen
from jointopt.strategies.windows import Windows


@dataclass(frozen=True)
class Single(Windows):
    """One sample is the answer, whatever n is."""

    def size(self, n: int) -> int:
        """One."""
        return 1

    def enough(self, seen: Seen) -> "np.typing.NDArray[np.bool_]":
        """Always."""
        return np.ones(seen.answers.shape[:-1], dtype=np.bool_)

    def wins(self, seen: Seen) -> Floats:
        """Whatever came first."""
        first = np.zeros(seen.answers.shape)
        first[..., 0] = 1.0
        return first

    def chances(self, ballots: Ballots, ns: Sequence[int]) -> Floats:
        """Every vote is as likely as any other: their mean is the estimate."""
        return np.full((len(ballots.answers), len(ns), ballots.samples), 1 / ballots.samples)

    def same_as(self, n: int) -> Tactic | None:
        """It is the same at every n."""
        return Tactic("single", 1)
