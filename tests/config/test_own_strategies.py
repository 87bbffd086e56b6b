"""Strategies and selectors of the user's own, named by their dotted paths."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from jointopt.domain import Tactic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Folder

OWN = """
from dataclasses import dataclass
from jointopt.strategies import Ask, Strategy, sure

@dataclass(frozen=True)
class Last(Strategy):
    skip: int
    def __post_init__(self):
        if self.skip > 9:
            raise ValueError("skip is above 9")
    def moves(self, n, case):
        (votes,) = yield [Ask(n)]
        return sure(votes[-1])

@dataclass(frozen=True)
class Wild(Last):
    skip: int = 0
    def __post_init__(self):
        raise RuntimeError("no wilderness left")

@dataclass
class Loose(Strategy):
    def moves(self, n, case):
        (votes,) = yield [Ask(n)]
        return sure(votes[0])

class Bare(Strategy):
    def moves(self, n, case):
        (votes,) = yield [Ask(n)]
        return sure(votes[0])

@dataclass(frozen=True)
class Lost(Last):
    skip: int = 0
    def same_as(self, n):
        return {}["n"]

def rate(vote):
    return vote.tokens
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's own, on the path."""
    (tmp_path / "own_plays.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_plays", raising=False)


@pytest.mark.usefixtures("own")
def test_a_strategy_of_ones_own_is_named_by_its_path(folder: Folder) -> None:
    """With its options, beside a selector of one's own."""
    folder.add('strategies: [single, {"own_plays:Last": {skip: [1, 2]}}, {best_of: {by: "own_plays:rate"}}]\n')
    space = folder.read().space
    assert space.strategies["own_plays:Last"] == {"skip": (1, 2)}
    assert Tactic("own_plays:Last", 4, (("skip", 2),)) in space.tactics()
    assert space.folds[Tactic("own_plays:Last", 1, (("skip", 2),))] == Tactic("single", 1)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("{skip: 10}", ["strategies.own_plays:Last", "skip is above 9"]),
        ("{skip: ten}", ["strategies.own_plays:Last", "'>' not supported"]),
        ("{}", ["strategies.own_plays:Last", "missing 1 required", "'skip'"]),
        ("{skp: 1}", ["strategies.own_plays:Last.skp", "did you mean 'skip'"]),
        ("{skip: 1.5}", ["strategies.own_plays:Last.skip", "1.5 will not do", "whole number"]),
    ],
)
def test_options_of_ones_own_are_checked(folder: Folder, options: str, words: list[str]) -> None:
    """What the class says of them reaches the user with the line."""
    folder.add(f'strategies:\n  "own_plays:Last": {options}\n')
    message = folder.refusal()
    assert all(word in message for word in [":13: ", *words]), message


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Wild", ["no wilderness left"]),
        ("Loose", ["is not frozen", "@dataclass(frozen=True)"]),
        ("Lost", ["Lost.same_as failed: KeyError: 'n'", "mend the strategy"]),
    ],
)
def test_a_class_that_cannot_be_used_is_refused(folder: Folder, name: str, words: list[str]) -> None:
    """Whatever it raises, and where it could not be a key."""
    folder.add(f'strategies:\n  "own_plays:{name}":\n')
    message = folder.refusal()
    assert all(word in message for word in [f":13: strategies.own_plays:{name}", *words]), message


@pytest.mark.usefixtures("own")
def test_a_strategy_that_is_no_dataclass_is_refused(folder: Folder) -> None:
    """Its options could not be told."""
    folder.add('strategies: ["own_plays:Bare"]\n')
    message = folder.refusal()
    assert "own_plays:Bare is no dataclass" in message
    assert "@dataclass(frozen=True)" in message
