"""What every strategy is: n samples become one answer.

A strategy sees votes (what each sample answered), never the truth. It is written once, as a generator that yields
`Ask`s, receives votes and returns an answer; `play` runs that generator live or from recorded votes. Strategies with
a closed form also say which of K recorded votes they would return, and how likely, for any n up to K.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Vote


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for n more samples of the policy's request."""

    n: int


Moves = Generator[Ask, Sequence[Vote], str | None]


class Strategy(ABC):
    """n samples become one answer."""

    needs_logprobs = False

    @abstractmethod
    def moves(self, n: int, rng: Random) -> Moves:
        """Ask for samples, receive their votes, return the answer (None: no answer could be read)."""

    @abstractmethod
    def chances(self, votes: Sequence[Vote], n: int) -> NDArray[np.float64]:
        """The probability that each of the K votes is the one returned, when n of them are drawn without replacement.

        Shape (K,), sums to 1. Its dot product with any score of the votes is the exact, unbiased estimate of the
        strategy's score from K samples.
        """
