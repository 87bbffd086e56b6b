"""Modes: how hard a model is to think."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from jointopt.config import changes
from jointopt.domain import Mode

if TYPE_CHECKING:
    from tests.config.conftest import Folder

MODES = """\
modes:
  plain: {}
  deep:
    system: " Think first. "
    max_tokens: 2000
    reasoning_effort: high
    extra_body: {chat_template_kwargs: {enable_thinking: true}}
    extra: {top_p: 0.9}
    models:
      nano: {system: "reasoning: on", max_tokens: 64}
"""


def test_a_mode_is_written_long(folder: Folder) -> None:
    """Every switch arrives, in the order of the file; what has a key of its own joins the body's other fields."""
    folder.add(MODES)
    body = {
        "top_p": 0.9,
        "reasoning_effort": "high",
        "extra_body": {"chat_template_kwargs": {"enable_thinking": True}},
    }
    own = Mode("deep", "reasoning: on", 64)
    modes = folder.read().space.modes
    assert modes == {"plain": Mode("plain"), "deep": Mode("deep", "Think first.", 2000, body, {"nano": own})}
    assert list(modes) == ["plain", "deep"]


def test_a_mode_shows_fields(folder: Folder) -> None:
    """Its system line is filled like a prompt."""
    folder.add('modes: {plain: {system: "About: {question}"}}\n')
    space, example = folder.read().space, folder.read().task.dev[0]
    request = space.request(next(space.sources()), example, seed=1, logprobs=False)
    assert request.messages[0].content == f"About: {example.fields['question']}"


def test_changes_of_modes_are_said(folder: Folder) -> None:
    """Another mode, another switch, another default."""
    old = folder.read().text
    folder.add(MODES)
    new = folder.read().text
    assert changes(old, new) == ["modes added"]
    folder.replace("reasoning_effort: high", "reasoning_effort: low")
    assert changes(new, folder.read().text) == ['modes.deep.reasoning_effort: "high" -> "low"']
    folder.replace("  plain: {}\n", "")
    folder.add("  plain: {}\n")
    assert "modes: order changed" in changes(new, folder.read().text)


SPOILED = {
    # name: (modes from line 13 on, words that the message must hold)
    "an unknown switch": ("  a: {reasoning_efort: low}\n", [":13: modes.a.reasoning_efort", "'reasoning_effort'"]),
    "no tokens": ("  a: {max_tokens: 0}\n", [":13: modes.a.max_tokens", "1 or more"]),
    "an unknown model": ("  a:\n    models: {nnao: {system: x}}\n", [":14: modes.a.models.nnao", "mean 'nano'"]),
    "a mode inside a mode": (
        "  a: {models: {nano: {models: {}}}}\n",
        [":13: modes.a.models.nano.models", "unknown key 'models'"],
    ),
    "two equal modes": (
        "  a: {reasoning_effort: low}\n  b: {extra: {reasoning_effort: low}}\n",
        [":14: modes.b", "says the same as 'a'", "keep one"],
    ),
    "two modes that come to the same": (
        "  a: {max_tokens: 512}\n  b: {system: x, models: {nano: {}}}\n",  # 512 is what the model has anyway
        [":14: modes.b", "says the same as 'a'"],
    ),
    "a switch twice": (
        "  a: {reasoning_effort: low, extra: {reasoning_effort: high}}\n",
        [":13: modes.a.reasoning_effort", "in `extra` too"],
    ),
    "a secret": ("  a: {extra: {api_key: x}}\n", [":13: modes.a.extra", "'api_key' would hold a secret", "key_env"]),
    "a secret for one model": (
        "  a: {models: {nano: {extra_body: {headers: {authorization: x}}}}}\n",
        [":13: modes.a.models.nano.extra_body", "'authorization' would hold a secret"],
    ),
    "a length in extra": ("  a: {extra: {max_tokens: 9}}\n", [":13: modes.a.extra", "write `max_tokens: ...` beside"]),
    "a field not in the data": ('  a: {system: "{qestion}"}\n', [":13: modes.a.system", "{qestion}", "'question'"]),
    "the reference": ('  a: {system: "{answer}"}\n', [":13: modes.a.system", "shows the reference answer"]),
    "a field for one model": (
        '  a: {models: {nano: {system: "{qestion}"}}}\n',
        [":13: modes.a.models.nano.system", "{qestion}"],
    ),
    "no mapping": ("  a: high\n", [":13: modes.a", "'high' will not do", "`key: ...`"]),
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_mode_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line and the mend."""
    folder.add("modes:\n" + lines)
    message = folder.refusal()
    assert all(word in message for word in words), message


def test_a_mode_shows_no_slot(folder: Folder) -> None:
    """Slots are filled in prompts only."""
    folder.replace('plain: "{question}"', 'plain: "{question}{tone}"')
    folder.add('slots: {tone: {a: b}}\nmodes:\n  a: {system: "{tone}"}\n')
    assert "study.yaml:14: modes.a.system: {tone} is a slot" in folder.refusal()


def test_null_in_a_body_is_kept(folder: Folder) -> None:
    """A field that is sent as null is not one that is not sent."""
    folder.add("modes: {a: {extra_body: {stop: null}}}\n")
    plan = folder.read()
    assert plan.space.modes["a"].extra == {"extra_body": {"stop": None}}
    assert json.loads(plan.text)["modes"]["a"]["extra_body"] == {"stop": None}
