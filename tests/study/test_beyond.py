"""Beyond the pool: what is handed to the extrapolation, and how it is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from jointopt.analysis import verdict
from jointopt.config import read_study
from jointopt.domain import Sample
from jointopt.evaluation import read
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.study import Study
from jointopt.study.beyond import tally


def test_votes_are_counted_with_room_for_the_right_answer() -> None:
    """Each answer has its column, no answer too; the last one is the right answer where nobody gave it."""
    pools = (("yes", "no", "yes", ""), ("no", "no", "no", "perhaps"))
    samples = [[Sample(place, text) for place, text in enumerate(texts)] for texts in pools]
    readings = [read(pool, Rubric.of(Exact()), "yes") for pool in samples]
    counts, marks = tally(readings)
    assert counts.tolist() == [[2, 1, 1, 0], [3, 1, 0, 0]]
    assert marks.tolist() == [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    assert counts.dtype == np.int64


def test_a_study_says_what_more_votes_would_bring(small_study: Callable[[int], Path]) -> None:
    """At two and four times its largest n, with the label, in findings and verdict."""
    with Study(read_study(small_study(600))) as study:
        findings = study.run()
    assert [entry.n for entry in findings.beyond] == [8, 16]
    assert all(entry.label == "extrapolated from K=4" for entry in findings.beyond)
    assert all(entry.score.low < entry.score.mean < entry.score.high for entry in findings.beyond)
    (said,) = [line for line in verdict(findings) if "not measured" in line]
    assert "extrapolated from K=4" in said and "16 votes" in said
