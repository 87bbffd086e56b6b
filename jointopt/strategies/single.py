"""One sample, taken as it is."""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Vote
from jointopt.strategies.base import Ask, Moves, Strategy


class Single(Strategy):
    """One sample is the answer, whatever n is."""

    def moves(self, n: int, rng: Random) -> Moves:
        """Ask once."""
        (vote,) = yield Ask(1)
        return vote.answer

    def chances(self, votes: Sequence[Vote], n: int) -> NDArray[np.float64]:
        """Every vote is as likely as any other: their mean is the estimate."""
        return np.full(len(votes), 1 / len(votes))
