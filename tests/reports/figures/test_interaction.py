"""The heat map."""

from dataclasses import replace
from typing import Any

from jointopt.analysis import Findings, Interaction, Share
from jointopt.reports.figures import importance, interaction


def _figure(findings: Findings) -> Any:
    """The figure itself; plotly has no types."""
    return interaction(findings).figure


def test_cells_hold_the_shares(findings: Findings) -> None:
    """Main effects on the diagonal, pairs below it, nothing above but what three do together, in words."""
    figure, found = _figure(findings), findings.interaction
    assert found is not None
    tiles = {(note.x, note.y): note.text for note in figure.layout.annotations[:-1]}
    pair = found.of("prompt", "strategy")
    assert pair is not None and f"{100 * pair.share:.1f}%" in tiles[0, 1]
    assert len(tiles) == len(figure.data) == 10 and all(column <= row for column, row in tiles)
    assert list(figure.layout.xaxis.ticktext) == list(found.factors)
    assert "prompt x strategy x n" in figure.layout.annotations[-1].text


def test_marks_are_corrected_for_their_number(findings: Findings) -> None:
    """Of six pairs with a p of 0.03 each none is filled, in picture, table and words; one alone would be."""
    own = Share(("a",), 0.4, 0.3, 0.5, 0.001)
    pairs = tuple(Share(("a", f"b{place}"), 0.1, 0.01, 0.2, 0.03) for place in range(6))
    factors = ("a", *(f"b{place}" for place in range(6)))
    for shares, filled in (((own, *pairs), 1), ((own, pairs[0]), 2)):
        told = replace(findings, interaction=Interaction(factors, shares, 0.01, 60))
        assert sum(shape.line.width == 0 for shape in _figure(told).layout.shapes) == filled
        assert [row[-1] for row in interaction(told).rows].count("yes") == filled
        assert ("together make" in interaction(told).answer) == (filled == 2)


def test_a_tile_is_filled_where_it_is_more_than_noise(findings: Findings) -> None:
    """What may be noise has no ground of its own, and the interval is at the pointer."""
    figure, found = _figure(findings), findings.interaction
    assert found is not None
    cells = [share for share in found.shares if len(share.effect) <= 2]
    filled = [shape.line.width == 0 for shape in figure.layout.shapes]
    assert filled == [share in found.standing for share in cells] and 0 < sum(filled) < len(filled)
    assert all("95% interval" in trace.hovertemplate for trace in figure.data)


def test_the_answer_names_the_largest_effects(findings: Findings) -> None:
    """Alone and together."""
    panel = interaction(findings)
    assert "Alone, model matters most" in panel.answer and "prompt x strategy together" in panel.answer
    assert "16 samples of each of 60 dev examples" in panel.remark
    assert len(panel.rows) == len(findings.interaction.shares) + 1 if findings.interaction else False


def test_a_share_beyond_0_or_1_is_shown_as_it_is(findings: Findings) -> None:
    """An unbiased estimate may leave the range, and is the same number everywhere. Noise is not called interaction."""
    shares = (Share(("prompt",), 1.02, 0.9, 1.1, 0.01), Share(("n",), -0.01, -0.1, 0.1, 0.6))
    pair = Share(("prompt", "n"), 0.01, -0.05, 0.05, 0.4)
    found = Interaction(("prompt", "n"), (*shares, pair), 0.01, 60)
    panel = interaction(replace(findings, interaction=found))
    minus = "\N{MINUS SIGN}"
    assert [row[1] for row in panel.rows] == ["102.0%", f"{minus}1.0%", "1.0%"]
    assert panel.rows[1][2] == f"{minus}10.0 to 10.0%" and f"<b>{minus}1.0%</b>" in str(panel.figure)
    assert "no choice is seen to depend on another" in panel.answer


def test_a_choice_matters_most_only_where_it_is_clear_of_the_next(findings: Findings) -> None:
    """Two intervals that overlap name no first one; where all may be noise nothing is real, whatever a share says."""
    shares = (Share(("prompt",), 0.5, 0.3, 0.7, 0.01), Share(("n",), 0.3, 0.1, 0.45, 0.01))
    pair = Share(("prompt", "n"), 0.2, 0.1, 0.3, 0.01)
    found = Interaction(("prompt", "n"), (*shares, pair), 0.01, 60)
    near = interaction(replace(findings, interaction=found))
    assert "the largest share is that of prompt (50.0%" in near.answer and "not separated from n;" in near.answer
    clear = replace(found, shares=(shares[0], replace(shares[1], high=0.29), pair))
    assert "Alone, prompt matters most" in interaction(replace(findings, interaction=clear)).answer


def test_shares_of_what_may_be_noise_are_not_drawn(findings: Findings) -> None:
    """A share of nothing has an interval of thousands of percent: words say why neither figure shows it."""
    wild = (Share(("prompt",), 1.7, -249.0, 21.0, 0.3), Share(("n",), -0.7, -20.0, 250.0, 0.6))
    found = Interaction(("prompt", "n"), wild, 1e-6, 60, left_out="left out: prompt steps", doubtful=True)
    panel = interaction(replace(findings, interaction=found, interaction_note="partly filled; left out: prompt steps"))
    assert panel.figure is None and not panel.rows
    assert panel.answer.startswith("Not shown: all differences together may be sampling noise")
    assert panel.remark.count("left out: prompt steps") == 1
    beside = importance(replace(findings, interaction=found))
    assert "%" in beside.answer and "balanced" not in str(beside.headers) + beside.answer


def test_names_that_are_cut_alike_stay_apart(hostile: Findings) -> None:
    """Cells stand by position, so that long names with one beginning do not fall together."""
    figure = _figure(hostile)
    assert len({(trace.x, trace.y) for trace in figure.data}) == 10


def test_what_was_not_measured_is_said(findings: Findings) -> None:
    """The reason stands where the figure would."""
    panel = interaction(replace(findings, interaction=None, interaction_note="one prompt only"))
    assert panel.figure is None and panel.answer == "Not measured: one prompt only."
