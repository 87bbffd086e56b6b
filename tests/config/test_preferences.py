"""One preference, and a grid of further ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jointopt.config import changes
from jointopt.domain import Preference

if TYPE_CHECKING:
    from tests.config.conftest import Folder


@pytest.fixture(autouse=True)
def objectives(folder: Folder) -> None:
    """The task has three objectives, `right` is the score."""
    folder.replace("  sealed: 0.4\n", "  objectives: {right: exact, near: numeric, same: exact}\n")


def test_a_grid_is_every_combination_in_order(folder: Folder) -> None:
    """The last weight changes first; a weight that is left out is that of the preference."""
    folder.add(
        "preference: {quality: 3, latency_s: 0.5, objectives: {same: 0.1}}\n"
        "preferences: {cost_usd: [0, 10], tokens: 0.2, objectives: {near: [1, 2, 1]}}\n"
    )
    assert folder.read().preferences == tuple(
        Preference(3, cost_usd, 0.2, 0.5, (("near", near), ("same", 0.1)))
        for cost_usd, near in [(0, 1), (0, 2), (10, 1), (10, 2)]
    )


def test_objectives_follow_the_order_of_the_task(folder: Folder) -> None:
    """Not that of the preference."""
    folder.add("preferences: {objectives: {same: [1, 2], near: [3, 4]}}\n")
    further = [preference.objectives for preference in folder.read().preferences]
    assert further == [(("near", near), ("same", same)) for near in (3, 4) for same in (1, 2)]


@pytest.mark.parametrize("nothing", ["{}", "{objectives: {}}", "{tokens: null}"])
def test_no_weight_is_no_grid(folder: Folder, nothing: str) -> None:
    """It leaves no trace in the text."""
    before = folder.read().text
    folder.add(f"preferences: {nothing}\n")
    assert folder.read().preferences == ()
    assert folder.read().text == before


def test_a_grid_has_64_preferences_at_most(folder: Folder) -> None:
    """64 are read, 65 are refused with their number."""
    folder.add(f"preferences: {{tokens: {list(range(64))}}}\n")
    assert len(folder.read().preferences) == 64
    folder.replace("63]", "63, 64]")
    assert "study.yaml:12: preferences: makes 65 preferences" in folder.refusal()


def test_a_vast_grid_is_refused_at_once(folder: Folder) -> None:
    """It is counted, not made."""
    weights = list(range(1000))
    folder.add(f"preferences: {{quality: {weights}, cost_usd: {weights}, tokens: {weights}, latency_s: {weights}}}\n")
    assert "makes 1,000,000,000,000 preferences" in folder.refusal()


def test_changes_of_preferences_are_said(folder: Folder) -> None:
    """Weights of objectives, and the grid."""
    old = folder.read().text
    folder.add("preference: {objectives: {near: 1}}\npreferences: {tokens: [0, 1]}\n")
    new = folder.read().text
    assert changes(old, new) == ["preference.objectives added", "preferences added"]
    folder.replace("tokens: [0, 1]", "tokens: [0, 2]")
    assert changes(new, folder.read().text) == ["preferences.tokens: [0.0, 1.0] -> [0.0, 2.0]"]


SPOILED = {
    # name: (lines from 12 on, words that the message must hold)
    "an unknown objective": (
        "preference:\n  objectives: {naer: 1}\n",
        [":13: preference.objectives.naer", "did you mean 'near'"],
    ),
    "the score": ("preference: {objectives: {right: 1}}\n", [":12: preference.objectives.right", "as `quality`"]),
    "a negative weight": ("preference: {objectives: {near: -1}}\n", [":12: preference.objectives.near", "0 or more"]),
    "an unknown objective in the grid": (
        "preferences:\n  objectives: {naer: [1]}\n",
        [":13: preferences.objectives.naer", "did you mean 'near'"],
    ),
    "a negative weight in the grid": ("preferences:\n  tokens: [0, -1]\n", [":13: preferences.tokens[2]", "0 or more"]),
    "a weight in words": ("preferences: {tokens: much}\n", [":12: preferences.tokens", "'much'", "number"]),
    "no weight": ("preferences: {tokens: []}\n", [":12: preferences.tokens", "name one at least"]),
    "an unknown weight": ("preferences: {token: 1}\n", [":12: preferences.token", "did you mean 'tokens'"]),
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_preference_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line and the mend."""
    folder.add(lines)
    message = folder.refusal()
    assert all(word in message for word in words), message


def test_without_objectives_there_is_nothing_more_to_weigh(folder: Folder) -> None:
    """The mend says where they are named."""
    folder.replace("  objectives: {right: exact, near: numeric, same: exact}\n", "")
    folder.add("preference: {objectives: {near: 1}}\n")
    message = folder.refusal()
    assert "the task has no further objectives" in message
    assert "task.objectives" in message
