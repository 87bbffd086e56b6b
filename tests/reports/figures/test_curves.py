"""Curves over n."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jointopt.analysis import Crossing, Curve, Findings
from jointopt.reports.figures import curves


def _figure(findings: Findings) -> Any:
    """The figure itself; plotly has no types."""
    return curves(findings).figure


def test_every_curve_has_a_line_and_a_band(findings: Findings) -> None:
    """Twenty curves in four pictures; each name stands in the legend once."""
    figure = _figure(findings)
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(lines) == len(bands) == 20
    assert [trace.name for trace in lines if trace.showlegend] == ["at once", "steps", "restate", "known", "check"]
    assert lines[0].y[0] == pytest.approx(100 * findings.curves[0].scores[0])
    assert {trace.xaxis for trace in lines} == {"x", "x2", "x3", "x4"}


def test_a_ring_marks_where_two_lines_meet(findings: Findings) -> None:
    """Lines that cross half-way between n = 1 and n = 4 meet at n = 2 on a logarithmic axis."""
    drawn = tuple(
        Curve(name, "micro", "majority", (1, 4), np.repeat(np.array(levels)[:, None], 3, axis=1))
        for name, levels in (("early", (0.6, 0.6)), ("late", (0.5, 0.7)))
    )
    swap = Crossing("early", "late", "micro", "majority", 1, 4, 0.1, 0.1, 1.0)
    figure = _figure(replace(findings, curves=drawn, crossings=(swap,)))
    ring = figure.data[-1]
    assert ring.marker.symbol == "circle-open"
    assert (ring.x[0], ring.y[0]) == pytest.approx((2.0, 60.0))


def test_the_answer_tells_the_winners_swap(findings: Findings) -> None:
    """Both leads, where they hold, and how many swaps there are in all."""
    answer = curves(findings).answer
    assert answer.startswith("With majority on micro, at once leads") and "pairs change places" in answer
    unsure = tuple(replace(swap, probability=0.5) for swap in findings.crossings)
    assert "No two prompts are seen to change places" in curves(replace(findings, crossings=unsure)).answer


def test_single_points_are_no_curves(findings: Findings) -> None:
    """One n makes no line."""
    points = tuple(replace(curve, ns=(1,), table=curve.table[:1]) for curve in findings.curves)
    assert curves(replace(findings, curves=points)).figure is None
