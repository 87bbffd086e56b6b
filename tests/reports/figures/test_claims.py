"""What a figure claims stands after correction, and is not claimed of luck."""

from dataclasses import replace

import pytest

from jointopt.analysis import Absent, Duel, Findings, Insight
from jointopt.reports.figures import duels
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
