"""Judges: models that mark answers for strategies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from jointopt.config import changes
from jointopt.domain import Model

if TYPE_CHECKING:
    from tests.config.conftest import Folder

ASKED = "strategies: [single, {best_of: {by: [logprob, careful]}}]\n"


def test_a_judge_is_written_short(folder: Folder) -> None:
    """A name of `models` is enough: the prompt shows the question and the answer, and asks for a mark."""
    folder.add(ASKED + "judges: {careful: {model: nano, best: 5}}\n")
    plan = folder.read()
    judge = plan.judges["careful"]
    assert (judge.id, judge.model, judge.best, judge.temperature) == ("careful", plan.space.models["nano"], 5.0, 0.0)
    (message,) = judge.request({"question": "what is 1 + 1?"}, "it is 2", seed=1).messages
    assert all(part in message.content for part in ("what is 1 + 1?", "it is 2", "from 0 (surely wrong) to 5 "))
    assert "{" not in message.content


@pytest.mark.parametrize("model", ["openai/x", "{endpoint: openai/x}"])
def test_a_judge_has_a_model_of_its_own(folder: Folder, model: str) -> None:
    """It is called after the judge."""
    folder.add(f"{ASKED}judges:\n  careful: {{model: {model}, prompt: 'Mark {{answer}}', temperature: 0.5}}\n")
    judge = folder.read().judges["careful"]
    assert judge.model == Model("judge:careful", "openai/x")
    assert (judge.prompt.user, judge.temperature) == ("Mark {answer}", 0.5)


def test_a_judges_prompt_is_a_file(folder: Folder) -> None:
    """Its words are part of the text, and a change of them is said."""
    folder.write("judge.md", "Be strict.\n---\n{question}: {answer}")
    folder.add(ASKED + "judges: {careful: {model: nano, prompt: {file: judge.md}}}\n")
    plan = folder.read()
    assert (plan.judges["careful"].prompt.system, plan.judges["careful"].prompt.user) == (
        "Be strict.",
        "{question}: {answer}",
    )
    folder.write("judge.md", "Be kind.\n---\n{question}: {answer}")
    assert changes(plan.text, folder.read().text) == ["judges.careful.prompt changed"]


def test_the_default_prompt_is_part_of_the_text(folder: Folder) -> None:
    """A version of jointopt that asks otherwise is another study."""
    folder.add(ASKED + "judges: {careful: {model: nano}}\n")
    plan = folder.read()
    assert json.loads(plan.text)["judges"]["careful"] == {
        "model": "nano",
        "prompt": {"system": "", "user": plan.judges["careful"].prompt.user},
        "best": 10.0,
        "temperature": 0.0,
    }


def test_a_judge_shows_other_fields(folder: Folder) -> None:
    """They must stand in the data, and be there for every example."""
    folder.write("examples.jsonl", "\n".join(_row(n, f"h{n}") for n in range(6)))
    folder.add(ASKED + 'judges: {careful: {model: nano, prompt: "{hint} {answer}"}}\n')
    assert folder.read().judges["careful"].prompt.places() == {"hint", "answer"}
    folder.write("examples.jsonl", "\n".join(_row(n, f"h{n}" if n else "") for n in range(6)))
    assert "no 'hint' here" in folder.refusal()


def test_what_only_a_judge_sees_tells_no_examples_apart(folder: Folder) -> None:
    """The model would be asked the same question twice, perhaps once in either half."""
    rows = [json.dumps({"question": "who?", "hint": f"h{n}", "answer": "a"}) for n in range(6)]
    folder.write("examples.jsonl", "\n".join(rows))
    folder.add(ASKED + 'judges: {careful: {model: nano, prompt: "{hint} {answer}"}}\n')
    assert "the question 'who?' stands at" in folder.refusal()


SPOILED = {
    # name: (judges from line 14 on, words that the message must hold)
    "an unknown model": (
        "  careful: {model: nnao}\n",
        [":14: judges.careful.model", "'nnao'", "mean 'nano'", "endpoint"],
    ),
    "no model": ("  careful: {best: 5}\n", [":14: judges.careful.model", "no 'model' is given"]),
    "an unknown key": ("  careful: {model: nano, bset: 5}\n", [":14: judges.careful.bset", "did you mean 'best'"]),
    "a misspelt key of its model": (
        "  careful:\n    model: {endpoint: a/b, max_token: 5}\n",
        [":15: judges.careful.model.max_token:", "did you mean 'max_tokens'"],
    ),
    "an endpoint of no provider": ("  careful: {model: a/}\n", [":14: judges.careful.model.endpoint", "'a/'"]),
    "a best of nought": ("  careful: {model: nano, best: 0}\n", [":14: judges.careful.best", "more than 0"]),
    "a prompt without the answer": (
        '  careful:\n    model: nano\n    prompt: "{question}"\n',
        [":16: judges.careful.prompt", "does not show {answer}"],
    ),
    "an empty prompt": ("  careful: {model: nano, prompt: ''}\n", [":14: judges.careful.prompt", "empty"]),
    "a missing prompt file": (
        "  careful: {model: nano, prompt: {file: no.md}}\n",
        [":14: judges.careful.prompt", "no file", "no.md"],
    ),
    "a field not in the data": (
        '  careful: {model: nano, prompt: "{answer} {qestion}"}\n',
        [":14: judges.careful.prompt", "{qestion}", "'question'"],
    ),
    "a built-in selector's name": ("  length: {model: nano}\n", [":14: judges.length", "rename"]),
    "the objectives' name": ("  objectives: {model: nano}\n", [":14: judges.objectives", "rename"]),
    "a judge that nobody asks": (
        "  careful: {model: nano}\n  idle: {model: embedded/micro}\n",
        [":15: judges.idle", "no strategy asks this judge", "`best_of: {by: idle}`"],
    ),
    "two equal judges": (
        "  careful: {model: nano}\n  same: {model: embedded/nano, best: 10}\n",
        [":15: judges.same", "says the same as 'careful'"],
    ),
    "a secret": (
        "  careful: {model: {endpoint: a/b, extra: {api_key: x}}}\n",
        [":14: judges.careful.model.extra", "'api_key' would hold a secret"],
    ),
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_judge_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line and the mend."""
    folder.add(f"{ASKED}judges:\n{lines}")
    message = folder.refusal()
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("fields", "shown"), [("{answer: gold}", "gold"), ("{answer: gold, hint: gold}", "hint")])
def test_a_judge_never_sees_the_reference(folder: Folder, fields: str, shown: str) -> None:
    """Neither under its column's name, nor under another that the study gives that column."""
    folder.write("examples.jsonl", "\n".join(f'{{"question": "what is {n}?", "gold": {n}}}' for n in range(6)))
    folder.replace("sealed: 0.4", f"fields: {fields}")
    folder.add(f"{ASKED}judges:\n  careful: {{model: nano, prompt: '{{answer}} {{{shown}}}'}}\n")
    message = folder.refusal()
    assert f"study.yaml:14: judges.careful.prompt: {{{shown}}} shows the reference answer" in message


def test_a_judge_shows_no_slot(folder: Folder) -> None:
    """Slots are filled in the study's prompts only."""
    folder.replace('plain: "{question}"', 'plain: "{question}{tone}"')
    folder.add(f"{ASKED}judges:\n  careful: {{model: nano, prompt: '{{answer}}{{tone}}'}}\nslots: {{tone: {{a: b}}}}\n")
    assert "study.yaml:14: judges.careful.prompt: {tone} is a slot" in folder.refusal()


def test_the_name_of_a_judges_model_is_taken(folder: Folder) -> None:
    """A model of the study cannot be called like it."""
    folder.replace("nano: embedded/nano", '"judge:careful": embedded/nano')
    folder.add(ASKED + "judges: {careful: {model: embedded/micro}}\n")
    assert "study.yaml:9: models.judge:careful: 'judge:careful' is taken" in folder.refusal()


def _row(number: int, hint: str) -> str:
    return json.dumps({"question": f"what is {number}?", "hint": hint, "answer": number})
