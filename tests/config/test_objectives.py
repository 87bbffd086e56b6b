"""What answers are marked for: one grader, or several objectives."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from jointopt.config import changes
from jointopt.domain import Preference
from jointopt.grading.rubric import SCORE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Folder

OWN = """
from jointopt.errors import GraderError
from jointopt.grading import Grader

class Short(Grader):
    needs_truth = False
    def __init__(self, words: int = 5) -> None:
        if words < 1:
            raise GraderError(f"words is {words}", where="words", mend="write 1 or more")
        if words > 99:
            raise ValueError("words is above 99")
        self.words = words
    def parse(self, text):
        return text
    def grade(self, answer, reference):
        return float(len((answer or "").split()) <= self.words)
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with a grader of the user's own, on the path."""
    (tmp_path / "own_marks.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_marks", raising=False)


def test_a_single_grader_is_the_score(folder: Folder) -> None:
    """With its options, short or long."""
    folder.replace("sealed: 0.4", 'grader: {name: exact, after: "answer:"}')
    assert folder.read().objectives == {SCORE: ("exact", {"after": "answer:"})}
    text = folder.read().text
    folder.replace('{name: exact, after: "answer:"}', '{name: exact, options: {after: "answer:"}}')
    assert folder.read().text == text


def test_objectives_are_read_in_their_order(folder: Folder) -> None:
    """The first is the score; those that are not weighed weigh nothing."""
    folder.replace(
        "  sealed: 0.4\n",
        "  objectives:\n    right: {name: numeric, tolerance: 0.5}\n    brief: own_marks:Short\n    same: exact\n",
    )
    folder.add("preference: {quality: 2, objectives: {same: 0.25}}\n")
    plan = folder.read()
    assert plan.objectives == {
        "right": ("numeric", {"tolerance": 0.5}),
        "brief": ("own_marks:Short", {}),
        "same": ("exact", {}),
    }
    assert list(plan.objectives) == ["right", "brief", "same"]
    assert plan.preference == Preference(quality=2, objectives=(("brief", 0.0), ("same", 0.25)))
    assert "grader" not in json.loads(plan.text)["task"]


def test_answers_are_chosen_by_objectives(folder: Folder) -> None:
    """One that needs no reference is enough."""
    folder.add("strategies: {best_of: {by: objectives}}\n")
    assert "there are no objectives to select by" in folder.refusal()
    folder.replace("  sealed: 0.4\n", "  objectives: {right: exact, brief: 'own_marks:Short'}\n")
    assert folder.read().space.strategies == {"best_of": {"by": ("objectives",)}}


def test_changes_of_objectives_are_said(folder: Folder) -> None:
    """One more, one less, other options."""
    folder.replace("  sealed: 0.4\n", "  objectives: {right: exact}\n")
    old = folder.read().text
    folder.replace("{right: exact}", "{right: {name: exact, after: x}, near: numeric}")
    assert changes(old, folder.read().text) == [
        "task.objectives.right.options.after added",
        "task.objectives.near added",
    ]


SPOILED = {
    # name: (lines from 4 on, words that the message must hold)
    "a grader and objectives": ("  objectives: {a: exact}\n  grader: exact\n", [":5: task.grader", "keep one"]),
    "no objective": ("  objectives: {}\n", [":4: task.objectives", "name one at least"]),
    "an unknown grader": ("  objectives:\n    a: exakt\n", [":5: task.objectives.a", "'exakt'", "mean 'exact'"]),
    "an unknown option": (
        "  objectives:\n    a: exact\n    b:\n      name: exact\n      aftr: x\n",
        [":8: task.objectives.b.aftr", "did you mean 'after'"],
    ),
    "an unknown option, written long": (
        "  grader:\n    name: exact\n    options:\n      aftr: x\n",
        [":7: task.grader.options.aftr", "did you mean 'after'"],
    ),
    "a number in quotes": (
        "  grader: {name: numeric, tolerance: '0.1'}\n",
        [":4: task.grader.tolerance", "'0.1' will not do", "write a number"],
    ),
    "a grader that cannot be imported": ("  grader: nowhere_at_all:Mine\n", [":4: task.grader", "nowhere_at_all"]),
    "an option that makes no sense": (
        "  objectives:\n    a: exact\n    b:\n      name: own_marks:Short\n      words: 0\n",
        [":8: task.objectives.b.words", "words is 0", "write 1 or more"],
    ),
    "an option that the class will not have": (
        "  grader: {name: own_marks:Short, words: 100}\n",
        [":4: task.grader", "own_marks:Short cannot be made: ValueError: words is above 99"],
    ),
    "an option that the class does not have": (
        "  grader: {name: own_marks:Short, word: 1}\n",
        [":4: task.grader", "unexpected keyword argument 'word'"],
    ),
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_objective_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line of the option and the mend."""
    folder.replace("  sealed: 0.4\n", lines)
    message = folder.refusal()
    assert all(word in message for word in words), message
