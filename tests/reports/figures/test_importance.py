"""Importances side by side."""

from dataclasses import replace
from typing import Any

from jointopt.analysis import Findings
from jointopt.reports.figures import Panel, importance


def _bars(panel: Panel) -> Any:
    """The sets of bars; plotly has no types."""
    assert panel.figure is not None
    return panel.figure.data


def test_optuna_stands_beside_the_table(findings: Findings) -> None:
    """Three bars a parameter, in percent, and why they differ."""
    panel = importance(findings)
    titles = [trace.name for trace in _bars(panel)]
    assert titles == ["Optuna (PED-ANOVA)", "balanced table, alone", "balanced table, with its meetings"]
    assert list(_bars(panel)[0].x) == [55.00000000000001, 20.0, 15.0, 10.0]
    assert "Optuna credits each parameter alone" in panel.remark
    assert panel.answer.startswith("Optuna puts model first (55.0%), and so does")


def test_a_parameter_that_the_table_lacks_has_no_bar_there(findings: Findings) -> None:
    """Optuna knows the temperature, the table held it fixed."""
    shares = {**findings.importance.shares, "temperature": 0.9}
    panel = importance(replace(findings, importance=replace(findings.importance, shares=shares)))
    assert _bars(panel)[1].x[0] is None and panel.rows[0][:3] == ("temperature", "90.0%", "")
    assert "but model comes first" in panel.answer


def test_the_table_puts_none_first_where_intervals_overlap(findings: Findings) -> None:
    """No agreement is claimed with an order that is not shown."""
    found = findings.interaction
    assert found is not None
    wide = tuple(replace(share, high=1.0) for share in found.shares)
    answer = importance(replace(findings, interaction=replace(found, shares=wide))).answer
    assert "separates none from the others (largest in all: model" in answer and "so does" not in answer


def test_either_half_may_be_missing(findings: Findings) -> None:
    """Ours without Optuna's, Optuna's without ours, or words."""
    none = replace(findings.importance, shares={}, reason="two trials only")
    ours = importance(replace(findings, importance=none))
    assert len(_bars(ours)) == 2 and "two trials only" in ours.answer
    assert len(_bars(importance(replace(findings, interaction=None)))) == 1
    neither = importance(replace(findings, importance=none, interaction=None))
    assert neither.figure is None and neither.answer == "Nothing to show: two trials only."
