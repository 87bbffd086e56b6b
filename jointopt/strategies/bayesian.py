"""A vote that stops when a prior over answer distributions says that its leader is the mode (2602.05395)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jointopt.strategies.ballots import Flags, Floats, Seen, leaders
from jointopt.strategies.limits import require_between
from jointopt.strategies.windows import StoppingVote

_SAME = 1e-9  # grid points closer than this are one


@dataclass(frozen=True)
class Bayesian(StoppingVote):
    """A majority that stops when its leader is the most probable answer with posterior `threshold`.

    Only the two largest counts and the sum of the rest are looked at: three numbers are enough to stop as early as all
    of them would, in the limit. The prior is over the probabilities p1 > p2 of the two likeliest answers, on a grid.

    Attributes:
        threshold: how probable the leader must be, above 1/2 and below 1.
        prior: how many votes for the likeliest answer the prior is worth: 0 knows nothing, 2 expects agreement.
    """

    threshold: float = 0.95
    prior: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("threshold", self.threshold, 0.5, 1.0, "write more than 0.5 and less than 1, e.g. 0.95")
        require_between("prior", self.prior, -1e-9, 100.1, "write 0 to 100 votes")

    def enough(self, seen: Seen) -> Flags:
        """The leader is probable enough."""
        ahead = leaders(seen.counts, 2).astype(np.intp)
        return np.asarray(_leads(seen.t, self.prior)[ahead[0], ahead[1]] >= self.threshold)


@lru_cache
def _leads(t: int, prior: float) -> Floats:
    """The posterior of "the leader is the mode" after t votes, by the two largest counts: shape (t + 1, t + 1).

    Three hypotheses: the mode is the leader, the runner-up, or an answer behind both.
    """
    p1, p2, p3, weight = _grid(prior)
    v1, v2 = np.meshgrid(np.arange(t + 1), np.arange(t + 1), indexing="ij")
    rest = np.maximum(t - v1 - v2, 0)[..., None]
    v1, v2 = v1[..., None], v2[..., None]
    left = np.log(np.maximum(1 - p1 - p2, 1e-9))
    behind = np.log(np.maximum(1 - p2 - p3, 1e-9))
    leader = v1 * np.log(p1) + v2 * np.log(p2) + rest * left + weight
    second = v2 * np.log(p1) + v1 * np.log(p2) + rest * left + weight
    other = v1 * np.log(p2) + v2 * np.log(p3) + rest * behind + weight
    highest = np.maximum(leader.max(-1), np.maximum(second.max(-1), other.max(-1)))[..., None]
    chances = [np.exp(hypothesis - highest).sum(-1) for hypothesis in (leader, second, other)]
    return np.asarray(chances[0] / sum(chances))


@lru_cache
def _grid(prior: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Probabilities of the three likeliest answers (p3 is the most that can be left), and the log of their prior."""
    steps = np.arange(0.02, 1.0, 0.02)
    p1, p2 = (part.reshape(-1) for part in np.meshgrid(steps, steps, indexing="ij"))
    possible = (p2 < p1) & (p1 + p2 <= 1 + _SAME)
    p1, p2 = p1[possible], p2[possible]
    alike = (np.abs(p1[:, None] - p1[None, :]) < _SAME).sum(axis=1)  # so that every p1 is as likely as another
    p3 = np.maximum(np.minimum(p2, 1 - p1 - p2), 1e-3)
    return p1, p2, p3, np.asarray(prior * np.log(p1) - np.log(alike))
