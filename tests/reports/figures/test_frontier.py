"""The staircase of scores over cost."""

from dataclasses import replace
from typing import Any

import pytest

from jointopt.analysis import Budgets, Findings
from jointopt.reports.figures import frontier
from tests.reports.figures.invented import draw_budgets


def _figure(findings: Findings) -> Any:
    """The figure itself; plotly has no types."""
    return frontier(findings).figure


def test_each_step_is_a_mark_with_its_interval(findings: Findings) -> None:
    """Cost across, the score in percent upward; what only latency keeps on the front is a series of its own."""
    found = findings.frontier
    assert found is not None
    rest, band, stairs = _figure(findings).data
    assert list(stairs.x) == [stop.cost_usd for stop in found.steps]
    assert list(stairs.y) == pytest.approx([100 * stop.score for stop in found.steps])
    assert min(band.y) == pytest.approx(100 * found.steps[0].low) and band.fill == "toself"
    assert len(rest.x) == len(found.front) - len(found.steps) == 1


def test_the_answer_is_one_sentence_with_the_doubt_in_it(findings: Findings) -> None:
    """Who is the best at either end, and how many steps are more than luck."""
    answer = frontier(findings).answer
    assert answer.startswith("Below $0.") and answer.endswith(
        "of 2 steps between them, 1 has a 95% interval above zero."
    )
    assert answer.count(". ") == 0


def test_the_numbers_name_the_costs_where_the_best_changes(findings: Findings) -> None:
    """Every step begins where the one before it ends, and the remark says that scores are flattered."""
    panel, found = frontier(findings), findings.frontier
    assert found is not None
    ranges = [row[0].split(" \N{EN DASH} ") for row in panel.rows[: len(found.steps)]]
    assert [end for _, end in ranges] == [*(start for start, _ in ranges[1:]), "any"]
    assert len(panel.rows) == len(found.front)
    assert "flattered" in panel.remark and "policies" in panel.remark


def test_one_policy_and_none_are_words_too(findings: Findings) -> None:
    """A single step is the best at every budget; without a card there is no figure."""
    found = findings.frontier
    assert found is not None
    alone = replace(findings, frontier=replace(found, steps=found.steps[:1], front=found.front[:1]))
    assert "best on dev at every budget" in frontier(alone).answer
    panel = frontier(replace(findings, frontier=None))
    assert panel.figure is None and "no policy has been judged" in panel.answer


def test_where_nothing_costs_anything_there_is_no_axis(findings: Findings) -> None:
    """A recorded table without prices: words name the best, and no axis runs from -1 to 1 tokens."""
    found = findings.frontier
    assert found is not None
    free = replace(found.steps[-1], cost_usd=0.0, tokens=0.0, gain=None)
    panel = frontier(replace(findings, frontier=replace(found, unit="tokens", steps=(free,), front=(free,))))
    assert panel.figure is None and len(panel.rows) == 1
    assert panel.answer == f"Nothing to weigh: no answer costs anything; {free.policy} is the best on dev (74.0%)."


def test_a_free_policy_does_not_break_the_axis(findings: Findings) -> None:
    """Zero has no logarithm: the axis is linear then."""
    found = findings.frontier
    assert found is not None
    assert _figure(findings).layout.xaxis.type == "log"
    free = replace(found, steps=(replace(found.steps[0], cost_usd=0.0), *found.steps[1:]), front=())
    free = replace(free, front=free.steps)
    assert _figure(replace(findings, frontier=free)).layout.xaxis.type == "linear"


def test_changes_stand_beneath_the_stairs_with_their_doubt(findings: Findings) -> None:
    """An interval for every change of the best, open where it is unsure, an arrow beyond all policies where it never
    ends; beside the flattered scores stand cross-fitted ones.
    """
    assert findings.frontier is not None
    budgets: Budgets = draw_budgets(findings.frontier)
    told = replace(findings, insight=replace(findings.insight, budgets=budgets))
    honest, first, last = _figure(told).data[-3:]
    assert list(honest.y) == pytest.approx([100 * rung.honest.mean for rung in budgets.rungs])
    assert first.marker.symbol[1] == "circle" and last.marker.symbol[1] == "circle-open"
    assert max(last.x) > findings.frontier.steps[-1].cost_usd and last.marker.symbol[2] == "triangle-right"
    assert first.marker.symbol[2] == "line-ns-open" and max(first.x) == budgets.crossovers[0].budget.high
    rows = frontier(told).rows
    assert rows[1][7].startswith("$0.0004 (") and rows[2][7].endswith(" on, or never)")
    assert "or never" in last.text[0] and "an arrow" in frontier(told).remark


def test_what_was_not_measured_of_the_changes_is_said(findings: Findings) -> None:
    """The stairs stand alone, and the remark says why."""
    assert "Where the best changes was not measured: not worked out." in frontier(findings).remark


def test_small_amounts_are_written_out(findings: Findings) -> None:
    """A reader of a title should not have to count the zeros of an exponent."""
    found = findings.frontier
    assert found is not None
    cheap, *rest = found.steps
    steps = (replace(cheap, cost_usd=1.71e-06), replace(rest[0], cost_usd=1.71e-05), *rest[1:])
    answer = frontier(replace(findings, frontier=replace(found, steps=steps))).answer
    assert answer.startswith("Below $0.0000171 an answer")
