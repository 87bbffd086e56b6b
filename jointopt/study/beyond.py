"""What would more samples bring than the study drew? An extrapolation of the winner's source, labelled as such."""

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import Beyond, Estimate
from jointopt.domain import Source
from jointopt.evaluation import Reading, extrapolate_majority
from jointopt.study.parts import Parts

TIMES = (2, 4)  # the largest n of the study


def look_beyond(parts: Parts, source: Source) -> tuple[Beyond, ...]:
    """Majority votes of more samples than were drawn, judged from the dev samples; empty where no vote is in the space.

    Other prompts are left out: they would make single questions surer, and the mean a little less true.
    """
    deepest = max(parts.plan.space.ns)
    found = [parts.readings.of(source, example) for example in parts.plan.task.dev]
    readings = [reading.first(deepest) for reading in found if reading is not None and len(reading) >= deepest]
    if "majority" not in parts.plan.space.strategies or not readings:
        return ()
    counts, marks = tally(readings)
    votes = [extrapolate_majority(counts, marks, times * deepest, seed=parts.plan.seed) for times in TIMES]
    return tuple(Beyond(source, one.n, Estimate(one.score, *one.interval), one.label) for one in votes)


def tally(readings: list[Reading]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How often each answer was given on every reading, and its score, both of shape (Q, A).

    The last column stands for the right answer where nobody gave it.
    """
    kinds = 1 + max(len({vote.answer for vote in reading.votes}) for reading in readings)
    counts = np.zeros((len(readings), kinds), dtype=np.int64)
    marks = np.zeros((len(readings), kinds))
    for place, reading in enumerate(readings):
        numbers: dict[str | None, int] = {}
        for vote, gold in zip(reading.votes, reading.gold, strict=True):
            number = numbers.setdefault(vote.answer, len(numbers))
            counts[place, number] += 1
            marks[place, number] = gold
        marks[place, -1] = float(not reading.gold.any())
    return counts, marks
