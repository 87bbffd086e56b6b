"""A vote among the shortest completions (short-m@k, Hassid et al. 2505.17813)."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from jointopt.strategies.ballots import Floats, Seen, highest
from jointopt.strategies.limits import require_between
from jointopt.strategies.windows import Windows

_LONGEST = 2**40  # a completion without a token, as where a request failed, is not the shortest


@dataclass(frozen=True)
class ShortFirst(Windows):
    """The most frequent answer among the shortest of n completions; of equally long ones, the first come.

    All n are asked, and billed, at once. The time and tokens that the paper saves by halting the rest need an endpoint
    that can be halted.

    Attributes:
        keep: the share of the n completions that vote, above 0 and below 1; one at least.
    """

    keep: float = 0.5

    def __post_init__(self) -> None:
        require_between("keep", self.keep, 0.0, 1.0, "write more than 0 and less than 1, e.g. 0.5")

    def wins(self, seen: Seen) -> Floats:
        """The most frequent answer among the shortest."""
        voters = max(1, ceil(self.keep * seen.t - 1e-9))
        tokens = np.where(seen.tokens > 0, seen.tokens, _LONGEST)
        length = tokens * seen.t + np.arange(seen.t)  # equally long ones in the order in which they came
        votes = length <= np.partition(length, voters - 1, axis=-1)[..., voters - 1 : voters]
        counts = seen.among(votes)
        return np.asarray(seen.shared(highest(counts), counts) * votes)
