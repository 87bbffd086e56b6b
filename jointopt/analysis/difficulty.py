"""Do hard questions want another policy than easy ones?

What says how hard a question is and what is scored on it are different samples: the same luck must not do both.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import Difference
from jointopt.domain import Policy


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions between two levels of difficulty.

    Attributes:
        low: the least mean score of a single sample in the bin, over all sources, 0 to 1, by the held-out samples.
        high: the largest.
        examples: how many questions.
        best: the policy that is the best on the bin's questions.
        score: of `best` on them; flattered by having been chosen.
        overall: of `Difficulty.overall` on them.
        gain: of choosing by one half of the bin's questions over choosing by one half of all, on the others, and the
            other way round, paired (cross-fitted): not flattered; often negative where the bin is small.
        scores: of every policy of `Difficulty.policies` on them, in that order.
    """

    low: float
    high: float
    examples: int
    best: Policy
    score: Estimate
    overall: Estimate
    gain: Difference
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The best policy by difficulty.

    Attributes:
        bins: the hardest first, about equally many questions in each.
        overall: the policy that is the best on all questions, of those that are compared here.
        policies: what is compared: those that the scored samples cover.
        held_out: samples of every source and question that say how hard it is, and nothing else.
        scored: samples of every source and question that the scores rest on: the largest n compared.
        examples: in all.
        gain: of choosing the policy by the bin over one for all, on all questions together, cross-fitted as in `Bin`.
    """

    bins: tuple[Bin, ...]
    overall: Policy
    policies: tuple[Policy, ...]
    held_out: int
    scored: int
    examples: int
    gain: Difference
