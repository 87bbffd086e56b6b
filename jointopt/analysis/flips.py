"""Which prompts change places between two levels of n, or between two strategies, and how sure is that?

Scores per example in, flips out; it knows names, and nothing of what they mean.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import Difference

_SURE = 0.05  # of being wrong about any pair

Fixed = tuple[tuple[str, str], ...]  # (factor, level) pairs that are the same for all that is ranked


@dataclass(frozen=True, slots=True)
class Flip:
    """Two choices that change places between two levels of something else.

    Attributes:
        factor: what changes places: ``prompt``, or ``source`` (prompt and model) where there are several models.
        along: what is varied: ``n`` or ``strategy``.
        first: the choice that is ahead at `before`.
        second: the choice that is ahead at `after`.
        before: the level of `along` at which `first` leads; the smallest n, where `along` is n.
        after: the level at which `second` leads; the one where it leads most.
        lead_before: score of `first` minus that of `second` at `before`, paired over examples; positive.
        lead_after: score of `second` minus that of `first` at `after`, paired over examples; positive.
        chance_before: that `first` is truly ahead at `before`, 0 to 1, by a bootstrap over examples.
        chance_after: that `second` is truly ahead at `after`, likewise.
        probability: that both hold, in the same resamples.
        p: of "the order is the same at both levels", the larger of the two one-sided p-values (an intersection-union
            test, Berger 1982), corrected for all pairs and levels that were looked at (Holm 1979).
        meeting: the n at which the two lines first cross, interpolated on a logarithmic scale, and its 95% interval
            over the resamples in which the order swaps; None where `along` is no number.
        fixed: what is the same on both sides, as (factor, level) pairs.
    """

    factor: str
    along: str
    first: str
    second: str
    before: str
    after: str
    lead_before: Difference
    lead_after: Difference
    chance_before: float
    chance_after: float
    probability: float
    p: float
    meeting: Estimate | None
    fixed: Fixed = ()

    @property
    def settled(self) -> bool:
        """Whether the swap stands after correction for everything that was looked at, at 5%."""
        return self.p < _SURE


@dataclass(frozen=True, slots=True)
class Ranking:
    """How L levels of one thing rank N choices of another: what a bump chart draws.

    Attributes:
        factor: what is ranked: ``prompt`` or ``source``.
        along: what is varied: ``n`` or ``strategy``.
        names: of the N choices.
        levels: of what is varied, L of them, in their order.
        scores: mean score of every choice at every level, shape (L, N).
        ranks: 1 for the best, equal scores share the mean of their ranks, shape (L, N).
        leads: the chance of every choice to be the best at that level, by a bootstrap over examples, shape (L, N); the
            chances of a level add up to 1.
        fixed: what is the same for all of them, as (factor, level) pairs.
    """

    factor: str
    along: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...]
    ranks: tuple[tuple[float, ...], ...]
    leads: tuple[tuple[float, ...], ...]
    fixed: Fixed = ()


@dataclass(frozen=True, slots=True)
class Flips:
    """Who changes places.

    Attributes:
        flips: every pair whose order differs somewhere from that at the first level, the surest first, `MOST` at most.
        found: how many such pairs there are, those left out included.
        pairs: how many pairs were looked at.
        rankings: one for each model (where prompts are ranked) and strategy along n, then one along the strategies.
        examples: that all of it rests on.
    """

    flips: tuple[Flip, ...]
    found: int
    pairs: int
    rankings: tuple[Ranking, ...]
    examples: int
