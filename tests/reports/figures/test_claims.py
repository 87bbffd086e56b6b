"""What a figure claims stands after correction, and is not claimed of luck."""

from dataclasses import replace

import pytest

from jointopt.analysis import Absent, Ceiling, Duel, Findings, Insight, verdict
from jointopt.reports.figures import ceiling, difficulty, duels, flips
from tests.reports.conftest import PROMPTS
from tests.reports.figures.invented import draw_insight, gap, policy


@pytest.fixture(scope="module")
def insight(findings: Findings) -> Insight:
    """All that can be said of five prompts."""
    return draw_insight(findings, PROMPTS)


def test_duels_are_won_only_after_correction_for_all(findings: Findings, insight: Insight) -> None:
    """Of three duels with a p of 0.04 each, none is won; their marks are those of open ones."""
    found = insight.tiers
    assert not isinstance(found, Absent)
    near = replace(gap(0.05, 0.048), p=0.04)
    fought = tuple(Duel(policy(n=8), policy(model=f"m{n}", n=1), 1.0, 1.1, near) for n in range(3))
    panel = duels(replace(findings, insight=replace(insight, tiers=replace(found, duels=fought))))
    assert "win 0 of 3 duels, lose 0, and 3 stay open" in panel.answer and "beyond doubt" not in panel.remark
    assert panel.figure is not None
    assert {trace.marker.symbol for trace in panel.figure.data} == {"circle-open"}


def test_options_that_differ_tell_levels_apart(findings: Findings, insight: Insight) -> None:
    """Strategies whose names are cut alike show what differs; those that nothing short tells apart have numbers."""
    found = insight.flips
    assert not isinstance(found, Absent)
    long = "weighted_vote(by=logprob_of_the_answer, temperature={}, scale=normalised_within_the_question)"
    alike = tuple(f"vote(by={'a' * 30}{place}{'b' * 30})" for place in range(5))
    bare = tuple(f"{'a' * 30}{place}{'b' * 30}" for place in range(5))
    for levels, said in ((tuple(long.format(place) for place in range(5)), "temp"), (alike, "1. "), (bare, "1. ")):
        rankings = (replace(found.rankings[0], levels=levels, along="strategy"),)
        panel = flips(replace(findings, insight=replace(insight, flips=replace(found, rankings=rankings))))
        assert panel.figure is not None
        ticks = list(panel.figure.layout.xaxis.ticktext)
        assert len(set(ticks)) == 5 and said in ticks[0]


def test_the_largest_part_is_so_by_what_is_sure(findings: Findings, insight: Insight) -> None:
    """A flattered part does not come first, half is not called most, and the forecast is the verdict's."""
    found = insight.ceiling
    assert isinstance(found, Ceiling) and found.unsolved is not None
    flattered = tuple(
        replace(part, size=replace(part.size, mean=0.3)) if part.part == "prompt" else part for part in found.gaps
    )
    forecast = found.unsolved.forecasts[0]
    further = replace(found.unsolved, forecasts=(forecast, replace(forecast, more=640)))
    told = replace(findings, insight=Insight(ceiling=replace(found, gaps=flattered, unsolved=further)))
    panel = ceiling(told)
    assert "the largest part (9.0) is \N{LEFT DOUBLE QUOTATION MARK}drawn, not picked" in panel.answer
    assert "640 more samples" in panel.remark and "320 more" not in panel.remark
    assert any("640 more of each" in line for line in verdict(told))
    assert panel.figure is not None and max(map(len, panel.figure.layout.yaxis.ticktext)) <= 22
    winner, *parts = panel.figure.layout.annotations
    assert winner.xanchor == "right" and all(part.xanchor == "left" for part in parts)


def test_one_policy_that_leads_everywhere_is_no_proof(findings: Findings, insight: Insight) -> None:
    """While the interval holds 0 nothing is shown; a ring at 100% is drawn whole."""
    found = insight.difficulty
    assert not isinstance(found, Absent)
    same = replace(found, bins=tuple(replace(one, best=found.overall) for one in found.bins))
    panel = difficulty(replace(findings, insight=replace(insight, difficulty=same)))
    assert panel.answer.startswith("Not shown: ") and "best at every level seen" in panel.answer
    assert panel.figure is not None and panel.figure.data[-1].cliponaxis is False
