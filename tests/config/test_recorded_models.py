"""Recorded models in the study file: what nobody recorded is refused before anything is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.config.conftest import Folder


@pytest.fixture(autouse=True)
def recorded(folder: Folder) -> None:
    """The study's only model is a recorded table."""
    folder.write("table.jsonl", '{"prompt": "plain", "example": "1", "answer": "2"}\n')
    folder.replace("embedded/nano", "replay/table.jsonl")


SPOILED = {
    # strategies from line 13 on: words that the message must hold
    "  refine:\n": [":13: strategies.refine", "refine asks a model about its own answers"],
    "  verify:\n": [":13: strategies.verify", "verify asks"],
    "  universal:\n": [":13: strategies.universal", "universal asks"],
    "  best_of:\n    by:\n      - length\n      - p_true\n": [":16: strategies.best_of.by[2]", "p_true asks"],
    "  single:\n  weighted: {by: p_true}\n": [":14: strategies.weighted.by", "p_true asks"],
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.items(), ids=[lines.split(":")[0] for lines in SPOILED])
def test_a_question_about_its_own_answers_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line, the model and the mend."""
    folder.add(f"strategies:\n{lines}")
    message = folder.refusal()
    assert all(word in message for word in [*words, "recorded of 'nano'", "take it out"]), message


def test_one_recorded_model_among_others_is_enough(folder: Folder) -> None:
    """Every strategy meets every model: the other one's answers could be looked at again, but not these."""
    folder.replace("models:\n", "models:\n  fresh: embedded/nano\n")
    folder.add("strategies: [single, refine]\n")
    assert "no such answer is recorded of 'nano'" in folder.refusal()


def test_what_asks_nothing_at_any_n_is_let_pass(folder: Folder) -> None:
    """A choice among one is none."""
    folder.replace("n: [1, 4]", "n: 1")
    folder.add("strategies: [universal, {best_of: {by: [p_true, length]}}]\n")
    assert len(folder.read().space.tactics()) == 1


def test_a_judge_may_be_asked_about_recorded_answers(folder: Folder) -> None:
    """It is a model of its own."""
    folder.add("judges: {careful: {model: embedded/nano}}\nstrategies: {best_of: {by: careful}}\n")
    assert folder.read().judges["careful"].model.endpoint == "embedded/nano"


@pytest.mark.parametrize("model", ["nano", "replay/table.jsonl"])
def test_a_recorded_table_is_no_judge(folder: Folder, model: str) -> None:
    """It does not know which answer it is shown."""
    folder.add(f"judges:\n  careful:\n    model: {model}\nstrategies: {{best_of: {{by: careful}}}}\n")
    message = folder.refusal()
    assert ":14: judges.careful.model" in message
    assert "'replay/table.jsonl' is a recorded table: it holds no verdicts" in message
