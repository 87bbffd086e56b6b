"""What changed between two texts of a study is said in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jointopt.config import changes, read_study

if TYPE_CHECKING:
    from tests.config.conftest import Folder


def test_nothing_changed(folder: Folder) -> None:
    """A study is equal to itself."""
    text = read_study(folder.study).text
    assert changes(text, text) == []


def test_each_change_is_one_line(folder: Folder) -> None:
    """Short values are shown, prompts and data are only named."""
    old = read_study(folder.study).text
    folder.replace("calls: 100", "calls: 200, usd: 1")
    folder.replace("Work step by step.", "Show your work.")
    folder.replace("n: [1, 4]", "n: [1, 8]")
    folder.write("examples.jsonl", (folder.path / "examples.jsonl").read_text().replace('"answer": 3', '"answer": 4'))
    assert changes(old, read_study(folder.study).text) == [
        "task.data: contents changed",
        "prompts.steps changed",
        "n: [1, 4] -> [1, 8]",
        "budget.calls: 100 -> 200",
        "budget.usd added",
    ]


def test_another_default_is_a_change(folder: Folder) -> None:
    """The first choice is the default, so its place matters."""
    old = read_study(folder.study).text
    folder.replace("nano: embedded/nano", "{nano: embedded/nano, micro: embedded/micro}")
    two = read_study(folder.study).text
    assert changes(old, two) == ["models.micro added"]
    assert changes(two, old) == ["models.micro removed"]
    folder.replace("{nano: embedded/nano, micro: embedded/micro}", "{micro: embedded/micro, nano: embedded/nano}")
    assert changes(two, read_study(folder.study).text) == ["models: order changed"]
