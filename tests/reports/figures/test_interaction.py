"""The heat map."""

from dataclasses import replace
from typing import Any

from jointopt.analysis import Findings, Interaction, Share
from jointopt.reports.figures import interaction


def _figure(findings: Findings) -> Any:
    """The figure itself; plotly has no types."""
    return interaction(findings).figure


def test_cells_hold_the_shares(findings: Findings) -> None:
    """Main effects on the diagonal, pairs below it, nothing above."""
    figure, found = _figure(findings), findings.interaction
    assert found is not None
    heights = figure.data[0].z
    pair = found.of("prompt", "strategy")
    assert pair is not None and heights[1][0] == pair.share and heights[0][1] is None
    assert len(figure.layout.annotations) == 10
    assert list(figure.layout.xaxis.ticktext) == list(found.factors)


def test_the_answer_names_the_largest_effects(findings: Findings) -> None:
    """Alone and together."""
    panel = interaction(findings)
    assert "Alone, model matters most" in panel.answer and "prompt x strategy together" in panel.answer
    assert "16 samples of each of 60 dev examples" in panel.remark
    assert len(panel.rows) == 14


def test_shares_beyond_0_and_1_are_shown_within(findings: Findings) -> None:
    """An unbiased estimate may leave the range; a picture of shares may not. Noise is not called interaction."""
    shares = (Share(("prompt",), 1.02, 0.9, 1.1, 0.01), Share(("n",), -0.01, -0.1, 0.1, 0.6))
    pair = Share(("prompt", "n"), 0.01, -0.05, 0.05, 0.4)
    found = Interaction(("prompt", "n"), (*shares, pair), 0.01, 60)
    panel = interaction(replace(findings, interaction=found))
    assert panel.figure is not None
    assert panel.figure.data[0].z[0][0] == 1.0 and panel.figure.data[0].z[1][1] == 0.0
    assert "no choice is seen to depend on another" in panel.answer


def test_names_that_are_cut_alike_stay_apart(hostile: Findings) -> None:
    """Cells stand by position, so that long names with one beginning do not fall together."""
    figure = _figure(hostile)
    assert len({(note.x, note.y) for note in figure.layout.annotations}) == 10


def test_what_was_not_measured_is_said(findings: Findings) -> None:
    """The reason stands where the figure would."""
    panel = interaction(replace(findings, interaction=None, interaction_note="one prompt only"))
    assert panel.figure is None and panel.answer == "Not measured: one prompt only."
