"""Building what policies name, and refusing what makes no sense."""

from pathlib import Path

import pytest

from jointopt.domain import Scalar, Tactic
from jointopt.errors import StrategyError
from jointopt.strategies import STRATEGIES, Playbook
from jointopt.strategies.best_of import BestOf
from jointopt.strategies.selectors import Judged, Objectives, Own

REFUSED: list[tuple[str, dict[str, Scalar], str]] = [
    ("adaptive_consistency", {"threshold": 0.5}, "more than 0.5 and less than 1"),
    ("adaptive_consistency", {"threshold": 1.0}, "more than 0.5 and less than 1"),
    ("adaptive_consistency", {"threshold": "high"}, "more than 0.5 and less than 1"),
    ("adaptive_consistency", {"window": 0}, "a whole number from 1 on"),
    ("adaptive_consistency", {"window": 2.5}, "a whole number from 1 on"),
    ("adaptive_consistency", {"window": True}, "a whole number from 1 on"),
    ("bayesian", {"prior": -1.0}, "0 to 100"),
    ("bayesian", {"threshold": 0.2}, "more than 0.5"),
    ("best_of", {"by": "loudest"}, "logprob"),
    ("best_of", {"by": "nowhere.to:find"}, "package.module:name"),
    ("best_of", {"by": "math:pi"}, "function"),
    ("best_of", {"tempo": 1}, "it takes by"),
    ("early_stop", {"window": 1}, "from 2 on"),
    ("majority", {"window": 1}, "it takes none"),
    ("refine", {"rounds": 9}, "from 1 to 8"),
    ("reservation", {"gain": 0.5}, "less than 0.4"),
    ("short_first", {"keep": 1.0}, "less than 1"),
    ("verify", {"rounds": 0}, "from 1 to 8"),
    ("weighted", {"temperature": 0.0}, "0.01 to 1000"),
    ("mojority", {}, "majority"),
    ("math:pi", {}, "derive it"),
]


@pytest.mark.parametrize(("name", "options", "mend"), REFUSED)
def test_options_that_make_no_sense_are_refused(
    name: str, options: dict[str, Scalar], mend: str, playbook: Playbook
) -> None:
    """With the value, and what to write instead."""
    with pytest.raises(StrategyError, match=rf"mend: (.|\n)*{mend}"):
        playbook.build(name, tuple(sorted(options.items())))


def test_selectors_are_found_by_name(playbook: Playbook) -> None:
    """A judge of the study, the objectives under its weights, a function by its path."""
    found = [playbook.build("best_of", (("by", by),)) for by in ("careful", "objectives", "math:isqrt")]
    kinds = [type(strategy.by) for strategy in found if isinstance(strategy, BestOf)]
    assert kinds == [Judged, Objectives, Own]
    with pytest.raises(StrategyError, match="no objectives"):
        Playbook().build("best_of", (("by", "objectives"),))


def test_equal_options_build_one_strategy(playbook: Playbook) -> None:
    """Strategies are keys: what is equal is found again, what differs is not."""
    again = Playbook({"careful": playbook.judges["careful"]}, weights=(0.5,))
    for name in STRATEGIES:
        assert playbook.build(name) is playbook.build(name)
        assert playbook.build(name) == again.build(name) and hash(playbook.build(name)) == hash(again.build(name))
    assert playbook.build("early_stop", (("window", 3),)) != playbook.build("early_stop")


@pytest.mark.parametrize(
    ("tactic", "folded"),
    [
        (Tactic("single", 8), Tactic("single", 1)),
        (Tactic("majority", 1), Tactic("single", 1)),
        (Tactic("best_of", 1, (("by", "careful"),)), Tactic("single", 1)),
        (Tactic("universal", 1), Tactic("single", 1)),
        (Tactic("early_stop", 5, (("window", 5),)), Tactic("majority", 5)),
        (Tactic("adaptive_consistency", 3, (("window", 4),)), Tactic("majority", 3)),
        (Tactic("adaptive_consistency", 8, (("window", 4),)), None),
        (Tactic("refine", 1), None),
        (Tactic("majority", 2), None),
    ],
)
def test_tactics_that_cannot_differ_are_one(tactic: Tactic, folded: Tactic | None, playbook: Playbook) -> None:
    """The plainest stands for all; a refined answer is not a single sample."""
    assert playbook.fold(tactic) == (folded or tactic)


def test_a_strategy_of_ones_own_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its dotted path; a module that cannot be read is told, not raised."""
    (tmp_path / "my_own.py").write_text(
        "from dataclasses import dataclass\n"
        "from jointopt.strategies.majority import Majority\n"
        "@dataclass(frozen=True)\n"
        "class Mine(Majority):\n"
        "    speed: int = 1\n"
    )
    (tmp_path / "broken_own.py").write_text("def (:\n")
    monkeypatch.syspath_prepend(tmp_path)
    strategy = Playbook().build("my_own:Mine", (("speed", 3),))
    assert getattr(strategy, "speed", None) == 3
    with pytest.raises(StrategyError, match="SyntaxError"):
        Playbook().build("broken_own:Mine")
