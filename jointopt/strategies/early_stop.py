"""A vote that stops when a whole window agrees (ESC, Li et al. 2401.10480)."""

from dataclasses import dataclass

import numpy as np

from jointopt.strategies.ballots import Flags, Seen
from jointopt.strategies.limits import require_whole
from jointopt.strategies.windows import StoppingVote


@dataclass(frozen=True)
class EarlyStop(StoppingVote):
    """A majority that stops when the last window is unanimous.

    Attributes:
        window: samples asked at a time, 2 or more: one vote always agrees with itself.
    """

    window: int = 5

    def __post_init__(self) -> None:
        require_whole("window", self.window, 2)

    def enough(self, seen: Seen) -> Flags:
        """The last window is unanimous."""
        return np.asarray(seen.since(self.window).max(axis=0) == self.window)
