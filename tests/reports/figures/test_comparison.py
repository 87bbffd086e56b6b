"""The forest plot."""

from dataclasses import replace
from typing import Any

import pytest

from jointopt.analysis import Difference, Findings
from jointopt.reports.figures import comparison
from jointopt.reports.figures.theme import BLUE, INK


def _figure(findings: Findings) -> Any:
    """The figure itself; plotly has no types."""
    return comparison(findings).figure


def test_each_rival_has_a_line_in_the_colour_of_its_verdict(findings: Findings) -> None:
    """Ahead is blue, undecided is grey; the values are in points."""
    figure = _figure(findings)
    assert [trace.marker.color for trace in figure.data] == [BLUE, BLUE, INK]
    for trace, entry in zip(figure.data, findings.comparison[1:], strict=True):
        assert entry.difference is not None
        assert trace.x[0] == pytest.approx(100 * entry.difference.mean)
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(100 * entry.difference.low)


def test_the_answer_names_who_is_beaten(findings: Findings) -> None:
    """One sentence, every rival in it."""
    answer = comparison(findings).answer
    assert answer.startswith("Joint search is ahead of \N{LEFT DOUBLE QUOTATION MARK}prompt only")
    assert "it was not shown to differ from \N{LEFT DOUBLE QUOTATION MARK}separate: strategy" in answer


def test_nobody_is_beaten_that_would_not_be_after_correction(findings: Findings) -> None:
    """Three p of 0.04 beat nobody: grey circles, and an answer that claims nothing."""
    first, *rivals = findings.comparison
    near = Difference(0.05, 0.002, 0.098, 0.04, 60)
    doubtful = replace(findings, comparison=(first, *(replace(entry, difference=near) for entry in rivals)))
    assert {trace.marker.color for trace in _figure(doubtful).data} == {INK}
    answer = comparison(doubtful).answer
    assert answer.startswith("Joint search was not shown to differ from") and "ahead" not in answer
    assert "beyond doubt" not in comparison(doubtful).remark


def test_the_numbers_hold_every_contender(findings: Findings) -> None:
    """Joint too, without a difference from itself."""
    panel = comparison(findings)
    assert [row[0] for row in panel.rows] == [entry.procedure.value for entry in findings.comparison]
    assert panel.rows[0][-1] == "" and all(len(row) == len(panel.headers) for row in panel.rows)


def test_without_rivals_there_are_words(findings: Findings) -> None:
    """No figure, and the reason."""
    panel = comparison(replace(findings, comparison=()))
    assert panel.figure is None and "not compared with separate tuning" in panel.answer
