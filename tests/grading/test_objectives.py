"""Objectives that need no reference, and rubrics of several."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jointopt.domain import Preference
from jointopt.errors import GraderError
from jointopt.grading import GRADERS, Grader, Rubric, build
from jointopt.grading.exact import Exact
from jointopt.grading.length import Length
from jointopt.grading.pattern import Pattern


@pytest.mark.parametrize(("words", "mark"), [(0, 1.0), (10, 1.0), (15, 0.5), (20, 0.0), (99, 0.0)])
def test_short_completions_are_worth_more(words: int, mark: float) -> None:
    """On a straight line between the two limits."""
    grader = Length(words=10)
    assert grader.grade(grader.parse("w " * words), "") == pytest.approx(mark)


def test_a_pattern_is_there_or_not() -> None:
    """Over line ends too."""
    grader = Pattern(r'\{.*"answer".*\}')
    assert grader.grade(grader.parse('so {\n "answer": 1\n}'), "") == 1.0
    assert grader.grade(grader.parse("none"), "") == 0.0


def test_a_pattern_without_end_is_given_up() -> None:
    """On one completion, and on many that are only slow; then the alarm is off, and its handler what it was."""
    before = signal.getsignal(signal.SIGALRM)
    endless, slow = Pattern("^(a|a)*$"), Pattern("^(a|a)*$")
    began = time.monotonic()
    with pytest.raises(GraderError, match="backtracks without end"):
        endless.parse("a" * 60 + "b")
    some_hundredths = ("a" * 18 + "b" for _ in range(10_000))  # of a second each
    with pytest.raises(GraderError, match="backtracks without end"):
        list(map(slow.parse, some_hundredths))
    assert time.monotonic() - began < 60
    assert signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_pattern_works_in_any_thread() -> None:
    """Only the main one has an alarm."""
    grader = Pattern("b")
    with ThreadPoolExecutor(1) as other:
        assert other.submit(grader.parse, "abc").result() == "b"


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("pattern", {"pattern": "("}, "is no pattern"),
        ("length", {"words": 5, "zero": 5}, "zero is 5"),
        ("exakt", {}, "unknown grader"),
        ("exact", {"befor": "x"}, "befor"),
        ("math:pi", {}, "is no Grader"),
    ],
)
def test_a_grader_that_makes_no_sense_is_refused(name: str, options: dict[str, object], told: str) -> None:
    """With what to do about it."""
    with pytest.raises(GraderError, match=rf"{told}(.|\n)*mend: "):
        build(name, options)


def test_a_grader_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its dotted path, with its options."""
    lines = [
        "from jointopt.grading import Grader",
        "class Mine(Grader):",
        "    def __init__(self, word): self.word = word",
        "    def parse(self, text): return text",
        "    def grade(self, answer, reference): return float(self.word in answer)",
    ]
    (tmp_path / "my_graders.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    assert build("my_graders:Mine", {"word": "yes"}).grade("oh yes", "") == 1.0


def test_a_rubric_marks_for_every_objective() -> None:
    """The first one reads the answer; those that need no reference can be shown to strategies, with their weights."""
    rubric = Rubric({"right": Exact(), "brief": Length(words=1), "polite": Pattern("please")})
    assert rubric.marks("yes please", "yes please") == (1.0, 0.0, 1.0)
    assert rubric.free == ("brief", "polite") and rubric.free_marks("yes") == (1.0, 0.0)
    preference = Preference(quality=2.0, objectives=(("brief", 0.2), ("polite", 0.5)))
    assert rubric.weights(preference) == (0.2, 0.5)
    assert Rubric.of(Length()).weights(preference) == (2.0,)


class Broken(Grader):
    """A user's own: fails on one text, and marks another with more than there is."""

    def parse(self, text: str) -> str | None:
        """The text but its first letter."""
        return text[1:] if text[0] else None

    def grade(self, answer: str | None, reference: str) -> float:
        """Too much."""
        return 7.0


@pytest.mark.parametrize(("text", "told"), [("", "failed: IndexError"), ("yes", "grades with 7.0")])
def test_what_a_grader_of_ones_own_does_wrong_is_told(text: str, told: str) -> None:
    """With its name and the mend."""
    with pytest.raises(GraderError, match=rf"Broken: {told}(.|\n)*mend"):
        Rubric.of(Broken()).marks(text, "")


def test_only_those_that_say_so_go_without_the_truth() -> None:
    """Of ours, length and pattern; whoever needs none says the same whatever the reference."""
    assert sorted(name for name, kind in GRADERS.items() if not kind.needs_truth) == ["length", "pattern"]
    for grader in (Length(), Pattern("a")):
        assert grader.grade(grader.parse("a b"), "a b") == grader.grade(grader.parse("a b"), "c")
