"""Every figure at every size: one prompt or many, one strategy or many, long names, scores that say nothing."""

from dataclasses import replace

import numpy as np
import pytest

from jointopt.analysis import Curve, Findings
from jointopt.reports.figures import FIGURES, curves, titled
from jointopt.reports.figures.curves import MOST_PICTURES
from jointopt.reports.figures.spotlight import MOST, spotlight
from tests.reports.figures.invented import LONG, NS, enlarge


@pytest.mark.parametrize(("prompts", "strategies", "stem"), [(1, 1, "p"), (2, 1, "p"), (25, 12, "p"), (7, 3, LONG)])
def test_every_figure_is_drawn_or_says_why(prompts: int, strategies: int, stem: str, findings: Findings) -> None:
    """There is an answer at any size, and what is drawn can be written down for a browser."""
    study = enlarge(findings, prompts, strategies, stem)
    for draw in FIGURES:
        panel = draw(study)
        assert panel.answer.endswith(".")
        if panel.figure is not None:
            assert "bdata" not in titled(panel.figure, panel.answer).to_json()
            assert panel.figure.data


@pytest.mark.parametrize("groups", range(1, 13))
def test_small_pictures_fit_whatever_their_number(groups: int, findings: Findings) -> None:
    """Every small picture lies within the figure and is as high as any other."""
    figure = curves(enlarge(findings, 2, groups)).figure
    assert figure is not None
    heights = [figure.layout[f"yaxis{place + 1 if place else ''}"].domain for place in range(groups)]
    pixels = {round((top - low) * (figure.layout.height - 32)) for low, top in heights}
    assert all(0 <= low < top <= 1 for low, top in heights)
    assert len(pixels) == 1 and min(pixels) > 150


def test_many_prompts_are_told_apart_by_what_matters(findings: Findings) -> None:
    """Of twenty-five prompts eight have colours, the swaps' among them; the others are one grey series."""
    many = enlarge(findings, 25)
    figure = curves(many).figure
    assert figure is not None
    names = [trace.name for trace in figure.data if trace.showlegend]
    assert len(names) == MOST + 1 and "17 others" in names
    if many.swaps:
        assert {many.swaps[0].early, many.swaps[0].late} <= set(names)


def test_the_spotlight_keeps_the_order_of_the_study() -> None:
    """Few are all named; of many the important ones, in the order in which the study has them."""
    assert spotlight(["a", "b"], []) == ["a", "b"]
    assert spotlight(list("abcdefghij"), ["j", "a", "j", "?"], most=2) == ["a", "j"]


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_all_wrong_and_all_right_are_flat_lines(level: float, findings: Findings) -> None:
    """Nothing crosses, and the axis still shows where the lines are."""
    flat = tuple(Curve(name, "micro", "majority", NS, np.full((len(NS), 20), level)) for name in ("a", "b"))
    panel = curves(replace(findings, curves=flat))
    assert panel.figure is not None and "Nothing tells the prompts apart" in panel.answer
    assert {trace.y[0] for trace in panel.figure.data if trace.name} == {100 * level}


def test_scores_that_are_missing_leave_words(findings: Findings) -> None:
    """A curve without a number is not drawn; where all are so, the figure says it."""
    lost = Curve("a", "micro", "majority", NS, np.full((len(NS), 20), np.nan))
    panel = curves(replace(findings, curves=(lost,)))
    assert panel.figure is None and "no score" in panel.answer
    whole = Curve("b", "micro", "majority", NS, np.full((len(NS), 20), 0.5))
    panel = curves(replace(findings, curves=(lost, whole)))
    assert panel.figure is not None and "1 prompt has no score" in panel.remark
    assert "nan" not in str(panel.rows).lower()


def test_more_pictures_than_a_reader_looks_at_are_left_out(findings: Findings) -> None:
    """The winner's come first, the remark says how many are left out, and the table holds all."""
    many = enlarge(findings, 2, MOST_PICTURES + 3)
    panel = curves(many)
    assert panel.figure is not None and "3 more pictures are left out" in panel.remark
    assert len(panel.rows) == 2 * len(NS) * (MOST_PICTURES + 3)
