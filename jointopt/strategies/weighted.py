"""Votes that weigh as much as their confidence (CISC, Taubenfeld et al. 2502.06233)."""

from dataclasses import dataclass

from jointopt.strategies.ballots import Floats, Seen, highest
from jointopt.strategies.limits import require_between
from jointopt.strategies.selecting import Selecting
from jointopt.strategies.selectors import LOGPROB, Selector
from jointopt.strategies.windows import Electing


@dataclass(frozen=True)
class Weighted(Selecting, Electing):
    """The answer with the largest sum of weights wins; a vote weighs softmax(confidence / temperature).

    Attributes:
        by: who says how confident a vote is, best on a scale of 0 to 1.
        temperature: of the softmax: large, it is a plain majority; small, the most confident vote decides.
    """

    by: Selector = LOGPROB
    temperature: float = 0.2

    def __post_init__(self) -> None:
        require_between("temperature", self.temperature, 0.009, 1000.1, "write 0.01 to 1000")

    def elects(self, seen: Seen) -> Floats:
        """The largest sum of weights."""
        return highest(seen.tally(self.temperature))
