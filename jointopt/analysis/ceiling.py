"""What stands between the winner's score and 1? Parts that add up exactly.

A right answer was drawn and not picked; another prompt, model or temperature would have drawn one; more samples did;
nobody ever did. It knows scores per example, not where they come from.
"""

from dataclasses import dataclass
from enum import StrEnum

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.unsolved import Unsolved
from jointopt.domain import Policy


class Part(StrEnum):
    """The parts of what is missing to a score of 1, from the winner upwards."""

    SELECTION = "selection"  # a right answer was among the n samples, and the strategy did not pick it
    PROMPT = "prompt"  # the best prompt for each question, instead of the one that is best for all
    ROUTING = "routing"  # the best model, mode, temperature and slots for each question, too
    DEPTH = "depth"  # more than n samples did find a right answer
    UNSOLVED = "unsolved"  # no sample of the whole pool is right


@dataclass(frozen=True, slots=True)
class Gap:
    """One part of 1 minus the score.

    Attributes:
        part: which.
        size: in score, 0 to 1, with its 95% interval by a bootstrap over examples. The sizes of all gaps add up to
            1 minus the score. That of `prompt` and `routing` is the most there can be: the best of several noisy scores
            of one question is flattered, the more so the fewer samples there are.
        least: of `prompt` and `routing`: what choosing for each question by one half of its samples gains on the other
            half, over the one choice that is best for all, both at the same n (`Ceiling.split_n`); not flattered, and
            a choice that somebody with so many samples could make. None for the other parts, or where samples are few.
        means: what would close it, in a few words.
    """

    part: Part
    size: Estimate
    least: Estimate | None
    means: str


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How high the score could be, and what keeps it down.

    Attributes:
        policy: the winner, whose score this is about.
        score: on the examples that all sources were sampled for.
        gaps: from the score upwards, in the order of `Part`; they add up to 1 minus the score exactly.
        reach: the score of somebody who always finds a right answer where any sample of the pool is right: 1 minus the
            last gap.
        n: of the winner.
        split_n: the n at which `Gap.least` is measured; 0 where it is not.
        sources: how many were sampled on all of these examples; the others are left out.
        examples: how many.
        unsolved: more about the last gap; None where every example was solved, or its forecast cannot be made.
        note: what a reader must know, in words; often empty.
    """

    policy: Policy
    score: Estimate
    gaps: tuple[Gap, ...]
    reach: Estimate
    n: int
    split_n: int
    sources: int
    examples: int
    unsolved: Unsolved | None
    note: str = ""
