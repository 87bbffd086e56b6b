"""The dashboard's store: figures and a note, replaced when published again."""

import json
from dataclasses import replace
from itertools import pairwise

import optuna
import pytest
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from optuna_dashboard._note import get_note_from_system_attrs

from jointopt.analysis import Findings, Insight
from jointopt.domain import Prompt
from jointopt.errors import NothingToReport
from jointopt.reports import Board, publish
from jointopt.reports.board import LEADERS, NEWEST, Turns, brief
from tests.reports.figures.invented import draw_flips

NAMES = (
    "comparison frontier curves flips interaction importance ceiling difficulty tiers duels judging power spending"
).split()
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
    assert "Which choices matter" in stored and "one prompt only" in stored and "95% interval" not in stored


def _study(trials: int) -> optuna.Study:
    """A study with trials as the search records them, each better than the one before."""
    study = optuna.create_study(direction="maximize")
    for number in range(trials):
        trial = study.ask()
        trial.suggest_categorical("prompt", ["plain", "steps"])
        card = {"policy": f"plain x majority of {number}", "score": 0.5, "interval": [0.4, 0.6]}
        card |= {"examples": 30, "cost_usd": 0.0002, "tokens": 61.0}
        trial.set_user_attr("scorecard", json.dumps(card))
        study.tell(trial, number / 100)
    return study


def _notes(study: optuna.Study) -> dict[int, dict[str, object]]:
    """Version and body of every trial's note."""
    attributes = _attributes(study)
    found = ((trial.number, trial._trial_id) for trial in study.get_trials())  # noqa: SLF001
    notes = {number: dict(get_note_from_system_attrs(attributes, place)) for number, place in found}
    return {number: note for number, note in notes.items() if note["body"]}


PROMPTS = {"plain": Prompt("plain", "{question}"), "steps": Prompt("steps", "Step by step: {question}")}


def test_the_best_and_the_newest_trials_have_notes(findings: Findings) -> None:
    """Policy, score, parameters and the prompt's text; no more notes than are promised, however many trials."""
    study = _study(40)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)  # without a scorecard there is nothing to say
    publish(study, findings, PROMPTS)
    notes = _notes(study)
    assert sorted(notes) == list(range(40 - NEWEST, 40)) and len(notes) <= LEADERS + NEWEST
    trial = study.get_trials()[39]
    body = str(notes[39]["body"])
    assert "plain x majority of 39" in body and "50.0% \\(40.0% to 60.0%\\), on 30 dev examples" in body
    assert PROMPTS[trial.params["prompt"]].user in body


def test_what_has_not_changed_is_not_written_again(findings: Findings) -> None:
    """A second showing writes the study's new note and nothing else: every note of a trial keeps its version."""
    study = _study(3)
    board = Board(study, PROMPTS)
    board.publish(findings)
    board.publish(replace(findings, command="jointopt run again.yaml"))
    assert {note["version"] for note in _notes(study).values()} == {1}
    assert get_note_from_system_attrs(_attributes(study), None)["version"] == 2


def test_the_study_note_leads_to_the_best_trials(findings: Findings) -> None:
    """Links stay within the dashboard, and name the trials by their numbers."""
    study = _study(3)
    publish(study, findings)
    body = get_note_from_system_attrs(_attributes(study), None)["body"]
    assert "Trial 2: 0.0200, on 30 dev examples" in body
    assert "/dashboard/studies/0/trials?numbers=2)" in body


class _Clock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("takes_s", [0.01, 0.8, 10.0])
def test_showing_takes_its_share_of_the_time_at_most(takes_s: float) -> None:
    """Whatever a showing takes, after an hour all of them together took 2%, but for what the first took by surprise."""
    turns, shown = Turns(0.0, share=0.02, every_s=15.0), []
    for second in range(1, 3601):
        if turns.due(second):
            shown.append(second)
            turns.took(second, second + takes_s)
        assert takes_s * len(shown) <= 0.02 * second + takes_s
    assert shown[0] >= 250  # nobody knows yet what it takes
    assert len(shown) >= min(3350 / 17, 0.02 * 3600 / takes_s) - 4
    assert min(later - earlier for earlier, later in pairwise(shown)) >= 15


def test_a_study_that_taught_nothing_yet_is_shown_later(findings: Findings) -> None:
    """NothingToReport is no failure of a run: the board asks again."""
    clock, study = _Clock(), _study(1)
    board = Board(study, clock=clock)

    def nothing() -> Findings:
        raise NothingToReport("no policy has been judged yet")

    clock.now = 300
    assert (
        board.turns.due(clock.now) and not board.refresh(nothing) and not get_plotly_graph_objects(_attributes(study))
    )
    clock.now = 600
    assert board.refresh(lambda: findings) and get_plotly_graph_objects(_attributes(study))
    assert not board.refresh(lambda: findings)


def test_a_board_that_is_closed_meanwhile_writes_nothing_more(findings: Findings) -> None:
    """What was still being worked out when a study ended does not replace what was published at its end."""
    clock, study = _Clock(), _study(1)
    board = Board(study, clock=clock)
    clock.now = 300

    def late() -> Findings:
        board.close()
        return findings

    assert board.due() and board.refresh(late) and not get_plotly_graph_objects(_attributes(study))
    clock.now = 3000
    assert not board.due() and not board.refresh(lambda: findings)


def test_a_card_shows_the_curves_that_its_answer_tells_of(findings: Findings) -> None:
    """One picture in the dashboard: that of the surest swap, else of the winner, else any."""
    swapped = Insight(flips=draw_flips(("at once", "steps"), (("model", "nano"), ("strategy", "best_of"))))
    for insight, kept, wanted in (
        (swapped, findings.curves, ("nano", "best_of")),
        (Insight(), findings.curves, ("micro", "majority")),
        (Insight(), findings.curves[5:10], ("nano", "best_of")),
    ):
        shown = brief(replace(findings, insight=insight, curves=kept)).curves
        assert {(curve.model, curve.strategy) for curve in shown} == {wanted}
    assert brief(replace(findings, curves=())).curves == ()
