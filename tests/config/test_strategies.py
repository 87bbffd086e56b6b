"""Strategies with options and their choices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from jointopt.config import changes
from jointopt.config.strategies import Strategies, as_written
from jointopt.domain import Tactic
from jointopt.strategies import STRATEGIES, Playbook

if TYPE_CHECKING:
    from tests.config.conftest import Folder

LISTED = """\
strategies:
  - single
  - best_of: {by: [logprob, length]}
  - adaptive_consistency:
      window: [2, 4]
      threshold: 0.9
  - majority:
"""
MAPPED = """\
strategies:
  single:
  best_of: {by: [logprob, length]}
  adaptive_consistency: {window: [2, 4], threshold: [0.9]}
  majority: {}
"""
READ: dict[str, dict[str, tuple[object, ...]]] = {
    "single": {},
    "best_of": {"by": ("logprob", "length")},
    "adaptive_consistency": {"window": (2, 4), "threshold": (0.9,)},
    "majority": {},
}


@pytest.mark.parametrize("lines", [LISTED, MAPPED])
def test_strategies_are_listed_or_mapped(folder: Folder, lines: str) -> None:
    """Both say the same; options that are not named are not there."""
    folder.add(lines)
    plan = folder.read()
    assert plan.space.strategies == READ
    assert list(plan.space.strategies) == list(READ)
    assert json.loads(plan.text)["strategies"] == {
        name: {option: list(choices) for option, choices in options.items()} for name, options in READ.items()
    }


def test_names_alone_stay_a_list_of_names(folder: Folder) -> None:
    """However they are written: an old study's text does not change."""
    folder.add("strategies: [majority, single]\n")
    text = folder.read().text
    folder.replace("[majority, single]", "{majority: {}, single: }")
    assert folder.read().text == text
    assert json.loads(text)["strategies"] == ["majority", "single"]


def test_every_strategy_can_be_named(folder: Folder) -> None:
    """All have defaults that make sense."""
    folder.replace("n: [1, 4]", "n: [1, 8]")
    folder.add(f"strategies: {json.dumps(sorted(STRATEGIES))}\n")
    assert len(folder.read().space.ways()) == len(STRATEGIES)


def test_tactics_that_cannot_differ_are_one(folder: Folder) -> None:
    """A window of n or more is a plain majority, whether or not the study names that; one sample is one sample."""
    folder.replace("n: [1, 4]", "n: [1, 4, 8]")
    folder.add("strategies: [single, {early_stop: {window: [4, 8]}}]\n")
    space = folder.read().space
    short, long = (("window", 4),), (("window", 8),)
    assert space.folds == {
        Tactic("single", 4): Tactic("single", 1),
        Tactic("single", 8): Tactic("single", 1),
        Tactic("early_stop", 1, short): Tactic("single", 1),
        Tactic("early_stop", 4, short): Tactic("majority", 4),
        Tactic("early_stop", 1, long): Tactic("single", 1),
        Tactic("early_stop", 4, long): Tactic("majority", 4),
        Tactic("early_stop", 8, long): Tactic("majority", 8),
    }
    assert space.tactics() == [
        Tactic("single", 1),
        Tactic("majority", 4),
        Tactic("early_stop", 8, short),
        Tactic("majority", 8),
    ]


def test_folds_are_those_of_the_playbook(folder: Folder) -> None:
    """Every way at every n is its own, or folds."""
    folder.replace("n: [1, 4]", "n: [1, 2, 8]")
    folder.add("strategies: [single, majority, refine, {reservation: {window: [1, 2]}}, {bayesian: {window: 2}}]\n")
    space = folder.read().space
    every = [Tactic(way.strategy, n, way.options) for way in space.ways() for n in space.ns]
    assert [space.folds.get(tactic, tactic) for tactic in every] == [Playbook().fold(tactic) for tactic in every]
    assert all(tactic != plain for tactic, plain in space.folds.items())


SPOILED = {
    # name: (lines from 12 on, words that the message must hold)
    "an unknown strategy": ("strategies:\n  - single\n  - majorty\n", [":14: strategies.majorty", "mean 'majority'"]),
    "an unknown strategy with options": (
        "strategies:\n  bestof: {by: length}\n",
        [":13: strategies.bestof", "'best_of'"],
    ),
    "a strategy twice": (
        "strategies:\n  - single\n  - single\n",
        [":14: strategies[2]", "'single' stands twice", "several choices"],
    ),
    "a strategy twice with options": (
        "strategies:\n  - best_of\n  - best_of: {by: length}\n",
        [":14: strategies[2]", "'best_of' stands twice"],
    ),
    "options beside the strategy": (
        "strategies:\n  - best_of:\n    by: length\n",
        [":13: strategies[1]", "names best_of, by", "- best_of: {by:"],
    ),
    "an unknown option": (
        "strategies:\n  - early_stop:\n      windw: 4\n",
        [":14: strategies.early_stop.windw", "no option 'windw'", "did you mean 'window'"],
    ),
    "an option of none": ("strategies: {single: {n: 4}}\n", [":12: strategies.single.n", "it takes none"]),
    "no options": ("strategies:\n  best_of: length\n", [":13: strategies.best_of", "'length' will not do"]),
    "no choice": ("strategies:\n  best_of: {by: []}\n", [":13: strategies.best_of.by", "name one at least"]),
    "a choice of nothing": ("strategies:\n  best_of: {by: }\n", [":13: strategies.best_of.by", "None is no choice"]),
    "a choice without an end": (
        "strategies:\n  reservation: {reserve: .inf}\n",
        [":13:", "inf is no choice", "finite"],
    ),
    "a choice twice": (
        "strategies:\n  best_of:\n    by:\n      - length\n      - length\n",
        [":16: strategies.best_of.by[2]", "'length' stands twice"],
    ),
    "an unknown selector": (
        "strategies:\n  - best_of:\n      by:\n        - logprob\n        - lenght\n",
        [":16: strategies.best_of.by[2]", "unknown selector 'lenght'", "did you mean 'length'", "module:function"],
    ),
    "a selector that cannot be imported": (
        "strategies: {best_of: {by: 'nowhere_at_all:mine'}}\n",
        [":12: strategies.best_of.by", "cannot import 'nowhere_at_all:mine'", "PYTHONPATH"],
    ),
    "objectives that are not there": (
        "strategies:\n  best_of:\n    by: [length, objectives]\n",
        [":14: strategies.best_of.by[2]", "no objectives to select by", "task.objectives"],
    ),
    "a threshold that is none": (
        "strategies:\n  adaptive_consistency:\n    window: [2, 4]\n    threshold:\n      - 0.9\n      - 0.5\n",
        [":17: strategies.adaptive_consistency.threshold[2]", "threshold is 0.5", "more than 0.5"],
    ),
    "a number in words": (
        "strategies:\n  - early_stop:\n      window: four\n",
        [":14: strategies.early_stop.window", "window is 'four'", "whole number from 2 on"],
    ),
    "a text that is a number": (
        "strategies:\n  - refine:\n      ask: 5\n",
        [":14: strategies.refine.ask", "5 will not do", "in quotes"],
    ),
    "a window above every n": (
        "strategies:\n  - early_stop:\n      window: [2, 8]\n",
        [
            ":14: strategies.early_stop.window[2]",
            "window 8 is above every n (at most 4)",
            "lower the window or raise n",
        ],
    ),
    "a window above every n by default": (
        "strategies:\n  - single\n  - early_stop\n",
        [":14: strategies.early_stop", "window 5 is above every n (at most 4)"],
    ),
    "a strategy that cannot be imported": (
        'strategies: ["nowhere_at_all:Mine"]\n',
        [":12: strategies.nowhere_at_all:Mine", "cannot import", "PYTHONPATH"],
    ),
    "a strategy that is none": ('strategies: ["json:JSONDecoder"]\n', [":12:", "is no Strategy", "derive it"]),
}


@pytest.mark.parametrize(("lines", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_strategy_is_refused(folder: Folder, lines: str, words: list[str]) -> None:
    """The message names the line of the option, the value and the mend."""
    folder.add(lines)
    message = folder.refusal()
    assert all(word in message for word in words), message


def test_changes_of_options_are_said(folder: Folder) -> None:
    """Names that become names with options, other choices, another order."""
    folder.add("strategies: [single, majority]\n")
    plain = folder.read().text
    folder.replace("[single, majority]", "[single, majority, {early_stop: {window: 2}}]")
    early = folder.read().text
    assert changes(plain, early) == ["strategies.early_stop added"]
    folder.replace("window: 2", "window: [2, 3]")
    assert changes(early, folder.read().text) == ["strategies.early_stop.window: [2] -> [2, 3]"]
    folder.replace("[single, majority, {early_stop: {window: [2, 3]}}]", "[majority, single]")
    assert changes(plain, folder.read().text) == ["strategies: order changed"]


scalars = st.one_of(st.text(st.characters(codec="ascii"), max_size=5).filter(lambda text: "\0" not in text))
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
choices = st.lists(
    st.one_of(scalars, numbers), min_size=1, max_size=3, unique_by=lambda one: (isinstance(one, bool), one)
)


@given(st.dictionaries(st.sampled_from(sorted(STRATEGIES)), st.dictionaries(scalars, choices), min_size=1))
def test_what_is_written_is_read_again(strategies: dict[str, dict[str, list[str | int | float | bool]]]) -> None:
    """The canonical form means what it was made of, and its order is kept."""
    read = TypeAdapter(Strategies).validate_python
    first = read(strategies)
    again = read(json.loads(json.dumps(as_written(first))))
    assert (
        again
        == first
        == {name: {option: tuple(values) for option, values in own.items()} for name, own in strategies.items()}
    )
    assert list(again) == list(strategies)
