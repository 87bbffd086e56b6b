"""Curves over n."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jointopt.analysis import Curve, Difference, Findings, Flip, Flips, Insight
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
    figure = _figure(replace(findings, curves=drawn, insight=_flipped(0.01)))
    ring = figure.data[-1]
    assert ring.marker.symbol == "circle-open"
    assert (ring.x[0], ring.y[0]) == pytest.approx((2.0, 60.0))
    for unproven in (_flipped(0.2), Insight()):  # however probable the crossing is
        figure = _figure(replace(findings, curves=drawn, insight=unproven))
        assert not any(trace.marker.symbol == "circle-open" for trace in figure.data)


def test_a_proven_swap_of_lines_that_do_not_cross_has_no_ring(findings: Findings) -> None:
    """The flips rest on the table, a curve on what was scored: where they differ the drawing stands as it is."""
    drawn = tuple(
        Curve(name, "micro", "majority", (1, 4), np.repeat(np.array(levels)[:, None], 3, axis=1))
        for name, levels in (("early", (0.6, 0.8)), ("late", (0.5, 0.7)))
    )
    figure = _figure(replace(findings, curves=drawn, insight=_flipped(0.01)))
    assert not any(trace.marker.symbol == "circle-open" for trace in figure.data)


def test_the_answer_tells_a_swap_as_a_fact_only_where_it_stands(findings: Findings) -> None:
    """Both leads and where they hold; a swap that was picked for its probability is said not to be shown."""
    known = curves(replace(findings, insight=_flipped(0.01))).answer
    assert known.startswith("With majority on micro, early leads late by 10.0 points at n = 1 and trails by 10.0")
    assert known.endswith("it stands after correction for 10 pairs.")
    luck = curves(replace(findings, insight=_flipped(0.2))).answer
    assert luck.startswith("Not shown to change places; the surest swap: with majority on micro, early leads late")
    assert "probability 0.83, picked among 10 pairs, does not stand after correction" in luck
    assert "No two prompts are seen to change places" in curves(findings).answer  # where no order was tested


def _flipped(p: float) -> Insight:
    """One flip of two prompts along n, with so corrected a p."""
    fixed = (("model", "micro"), ("strategy", "majority"))
    lead = Difference(0.1, 0.05, 0.15, 0.01, 60)
    flip = Flip("prompt", "n", "early", "late", "1", "4", lead, lead, 0.9, 0.9, 0.83, p, None, fixed)
    return Insight(flips=Flips((flip,), 1, 10, (), 60, int(p < 0.05)))


def test_single_points_are_no_curves(findings: Findings) -> None:
    """One n makes no line."""
    points = tuple(replace(curve, ns=(1,), table=curve.table[:1]) for curve in findings.curves)
    assert curves(replace(findings, curves=points)).figure is None


def test_prompts_that_all_score_the_same_are_said_to(findings: Findings) -> None:
    """All right or all wrong: nothing tells them apart. One prompt alone has nothing to change places with."""
    level = tuple(replace(curve, table=np.ones_like(curve.table)) for curve in findings.curves)
    told = curves(replace(findings, curves=level)).answer
    assert told == "Nothing tells the prompts apart: all score 100.0% at every n."
    assert "There is but one prompt" in curves(replace(findings, curves=findings.curves[:1])).answer
