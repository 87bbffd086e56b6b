"""What stands between the winner's score and 1? Parts that add up exactly.

A right answer was drawn and not picked; another prompt, model or temperature would have drawn one; more samples did;
nobody ever did. It knows scores per example, not where they come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.significance import paired_difference
from jointopt.analysis.subsets import top_chances
from jointopt.analysis.unsolved import Unsolved, find_unsolved
from jointopt.domain import Policy, Source
from jointopt.domain.scorecard import interval

_TINY = 1e-12
_HAIR = 1e-6  # of a source's mean: decides between sources that did equally well on a question

Array = NDArray[np.float64]


class Part(StrEnum):
    """The parts of what is missing to a score of 1, from the winner upwards."""

    SELECTION = "selection"  # a right answer was among the n samples, and the strategy did not pick it
    PROMPT = "prompt"  # the best prompt for each question, instead of the one that is best for all
    ROUTING = "routing"  # the best model, mode, temperature and slots for each question, too
    DEPTH = "depth"  # more than n samples did find a right answer
    UNSOLVED = "unsolved"  # no sample of the whole pool is right


MEANS = {
    Part.SELECTION: "a right answer was among the samples and was not picked: a better judge or vote",
    Part.PROMPT: "another prompt would have found one: choose the prompt by the question",
    Part.ROUTING: "another model, mode or temperature would have found one: choose them by the question",
    Part.DEPTH: "more samples found one: a larger n, and somebody who picks it",
    Part.UNSOLVED: "no sample is right: a stronger model, retrieval or training",
}


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """The marks of a source's samples.

    Attributes:
        source: whose.
        marks: 0 to 1, shape (Q, K); NaN beyond the samples of an example that has fewer than K.
    """

    source: Source
    marks: Array


@dataclass(frozen=True, slots=True)
class Gap:
    """One part of 1 minus the score.

    Attributes:
        part: which.
        size: in score, 0 to 1, with its 95% interval over questions like these. The sizes of all gaps add up to 1 minus
            the score. That of `prompt` and `routing` is the most there can be: the best of several noisy scores
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

    @property
    def sure(self) -> float:
        """What is not flattered: `least` where it was measured, else the size."""
        return self.size.mean if self.least is None else self.least.mean

    @property
    def bound(self) -> str:
        """What has to stand before `sure`: choosing by the question brings no less, or, where that was not measured,
        no more.
        """
        if self.least is not None:
            return "at least "
        return "at most " if self.size.mean and self.part in (Part.PROMPT, Part.ROUTING) else ""


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
        sources: how many have n samples of every one of these examples; the others are left out.
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

    @property
    def largest(self) -> Gap:
        """The part that is the largest by what is sure of it."""
        return max(self.gaps, key=lambda gap: gap.sure)


def find_ceiling(
    policy: Policy, scores: Array, marked: Sequence[Marked], examples: Sequence[str], *, seed: int = 0
) -> Ceiling | Absent:
    """What is missing to a score of 1, part by part.

    Args:
        policy: the winner.
        scores: its own, shape (Q,).
        marked: the samples of every source on the same examples.
        examples: ids, Q of them.
        seed: of the bootstrap.
    """
    deep = [one for one in marked if (~np.isnan(one.marks)).sum(axis=1).min(initial=policy.n) >= policy.n]
    own = next((one for one in deep if one.source == policy.source), None)
    if len(examples) <= 1:
        return Absent(f"{len(examples)} example is too few to tell parts from luck")
    if own is None:
        return Absent(f"the winner has not {policy.n} samples of every example")
    if np.isnan(scores).any():
        return Absent("some scores are missing")
    levels = np.array([scores, *_found(policy, own, deep), np.ones(len(scores))])
    least, split_n = _least(policy, deep)
    none = _no_choice(policy, deep)
    gaps = tuple(
        Gap(part, Estimate(0.0, 0.0, 0.0) if part in none else _size(gap), least.get(part), MEANS[part])
        for part, gap in zip(Part, np.diff(levels, axis=0), strict=True)
    )
    right = sum((np.nan_to_num(one.marks) > 0).sum(axis=1) for one in deep)
    asked = sum((~np.isnan(one.marks)).sum(axis=1) for one in deep)
    return Ceiling(
        policy=policy,
        score=Estimate(float(scores.mean()), *interval(scores)),
        gaps=gaps,
        reach=Estimate(float(levels[-2].mean()), *interval(levels[-2])),
        n=policy.n,
        split_n=split_n,
        sources=len(deep),
        examples=len(scores),
        unsolved=find_unsolved(examples, np.asarray(right), np.asarray(asked), seed=seed),
        note=_note(len(marked) - len(deep), float(np.diff(levels, axis=0)[0].mean())),
    )


def _size(gap: Array) -> Estimate:
    """The mean of a part, shape (Q,), with an interval that does not vanish where no example shows the part."""
    if gap.min() < -_TINY:
        found = paired_difference(gap, np.zeros(len(gap)))
        return Estimate(found.mean, found.low, found.high)
    return Estimate(float(gap.mean()), *interval(np.clip(gap, 0.0, 1.0)))


def _no_choice(policy: Policy, marked: Sequence[Marked]) -> set[Part]:
    """The parts that are 0 by what was sampled: one prompt, no other model or setting, no more than n samples."""
    akin = sum(_akin(one.source, policy.source) for one in marked)
    deepest = max(one.marks.shape[1] for one in marked)
    parts = ((Part.PROMPT, akin == 1), (Part.ROUTING, akin == len(marked)), (Part.DEPTH, deepest == policy.n))
    return {part for part, none in parts if none}


def _note(left_out: int, selection: float) -> str:
    lacking = f"{left_out} sources have fewer samples and are left out." if left_out else ""
    revised = "The strategy scores more than any of its samples: it revises them." if selection < 0 else ""
    return f"{lacking} {revised}".strip()


def _found(policy: Policy, own: Marked, marked: Sequence[Marked]) -> tuple[Array, Array, Array, Array]:
    """The best of n samples: of the winner's source, under any prompt, of any source; the best of the pool."""
    reached = {one.source: best_of(one.marks, policy.n) for one in marked}
    prompts = [values for source, values in reached.items() if _akin(source, policy.source)]
    pool = np.max([np.nanmax(one.marks, axis=1) for one in marked], axis=0)
    return reached[own.source], np.max(prompts, axis=0), np.max(list(reached.values()), axis=0), pool


def _akin(source: Source, other: Source) -> bool:
    """Whether two sources differ in the prompt alone, if at all."""
    return replace(source, prompt=other.prompt) == other


def best_of(marks: Array, n: int) -> Array:
    """The expected best of n samples of each question, without bias, shape (Q,) (max@k: Walder & Karkhanis 2505.15201).

    For marks of 0 and 1 this is pass@n (Chen et al. 2107.03374). `marks` has shape (Q, K); NaN is no sample.
    """
    counts = (~np.isnan(marks)).sum(axis=1)
    best = np.empty(len(marks))
    for count in np.unique(counts):
        chosen = counts == count
        ordered = np.sort(marks[chosen], axis=1)[:, :count]
        best[chosen] = ordered @ top_chances(int(count), n)
    return best


def _least(policy: Policy, marked: Sequence[Marked]) -> tuple[dict[Part, Estimate], int]:
    """What choosing for each question gains on samples that did not choose, and the n at which that is measured."""
    halves = [[one.marks[:, half::2] for one in marked] for half in (0, 1)]
    fewest = min(int((~np.isnan(marks)).sum(axis=1).min()) for side in halves for marks in side)
    n = min(policy.n, fewest)
    if n < 1 or len(marked) == 1:
        return {}, 0
    values = [np.array([best_of(marks, n) for marks in side]) for side in halves]
    akin = np.array([_akin(one.source, policy.source) for one in marked])
    both = [_chosen(values[half], values[1 - half], akin) for half in (0, 1)]
    single, prompt, source = np.mean(both, axis=0)
    gains = {Part.PROMPT: prompt - single, Part.ROUTING: source - prompt}
    none, zero = _no_choice(policy, marked), np.zeros(len(single))
    found = {part: paired_difference(gain, zero) for part, gain in gains.items() if part not in none}
    return {part: Estimate(one.mean, one.low, one.high) for part, one in found.items()}, n


def _chosen(seen: Array, kept: Array, akin: NDArray[np.bool_]) -> Array:
    """What is kept of the one prompt, of each question's prompt, of its source, as seen on other samples: (3, Q).

    `seen` and `kept` have shape (S, Q), `akin` says which sources differ from the winner in the prompt alone.
    """
    means = seen.mean(axis=1)
    one = int(np.where(akin, means, -1.0).argmax())
    judged = seen + _HAIR * means[:, None]
    prompts = np.where(akin[:, None], judged, -1.0).argmax(axis=0)
    places = np.arange(seen.shape[1])
    return np.array([kept[one], kept[prompts, places], kept[judged.argmax(axis=0), places]])
