"""The dashboard's store: figures and a note, replaced when published again."""

import json
from dataclasses import replace

import optuna
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from optuna_dashboard._note import get_note_from_system_attrs

from jointopt.analysis import Findings
from jointopt.reports import note, publish

NAMES = "comparison frontier curves flips interaction importance ceiling difficulty tiers duels judging power".split()
IDS = {f"jointopt-{name}" for name in NAMES}


def _attributes(study: optuna.Study) -> dict[str, object]:
    storage, number = study._storage, study._study_id  # noqa: SLF001  the dashboard's store has no public reader
    return dict(storage.get_study_system_attrs(number))


def test_publishing_again_replaces(findings: Findings) -> None:
    """Twice the same figures under the same ids, and the note is the last one."""
    study = optuna.create_study()
    publish(study, findings)
    first = get_plotly_graph_objects(_attributes(study))
    publish(study, replace(findings, command="jointopt run again.yaml"))
    second = get_plotly_graph_objects(_attributes(study))
    assert set(first) == set(second) == IDS and first == second
    assert "again.yaml" in get_note_from_system_attrs(_attributes(study), None)["body"]


def test_figures_are_small_and_say_their_answer(findings: Findings) -> None:
    """A figure stands alone: its answer is its title. None carries plotly's template or packed arrays."""
    study = optuna.create_study()
    publish(study, findings)
    for name, stored in get_plotly_graph_objects(_attributes(study)).items():
        figure = json.loads(stored)
        assert len(stored) < 40_000, name
        assert figure["layout"].get("title", {}).get("text") or figure["layout"]["annotations"][0]["text"]
        assert "bdata" not in stored


def test_a_figure_that_cannot_be_drawn_is_replaced_by_the_reason(findings: Findings) -> None:
    """An old figure does not outlive the findings that it showed."""
    study = optuna.create_study()
    publish(study, findings)
    publish(study, replace(findings, interaction=None, interaction_note="one prompt only"))
    stored = get_plotly_graph_objects(_attributes(study))["jointopt-interaction"]
    assert "one prompt only" in stored and "heatmap" not in stored


def test_the_note_reads_nobody_as_markup(hostile: Findings) -> None:
    """Tags, links and half characters in names and prompts stay text."""
    study = optuna.create_study()
    publish(study, hostile)
    outside = "\n".join(line for line in note(hostile).splitlines() if not line.startswith("    "))
    assert "<script" not in outside and "[x](" not in outside
    note(hostile).encode()
