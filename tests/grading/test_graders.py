"""What each grader reads, and what it calls right."""

import time

import pytest

from jointopt.grading import GRADERS, build
from jointopt.grading.choice import Choice
from jointopt.grading.exact import Exact
from jointopt.grading.numeric import Numeric


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12 + 5 = 17. answer: 17", "17"),
        ("Answer: Wednesday.\nthat is all", "wednesday"),
        ("answer: a  b", "a b"),
        ("seventeen", None),
        ("answer:  ", None),
    ],
)
def test_exact_reads_what_follows_the_mark(text: str, answer: str | None) -> None:
    """Case, white space and closing punctuation do not count; a text without the mark holds no answer."""
    assert Exact(after="answer:").parse(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [("it costs $1,200.00", "1200"), ("-3.5 or 4", "4"), ("x = -.5", "-0.5"), ("none", None), ("1e3", "1000")],
)
def test_numeric_reads_the_last_number(text: str, answer: str | None) -> None:
    """Numbers have one shortest form."""
    assert Numeric().parse(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is (b).", "B"),
        ("B", "B"),
        ("I choose C, not A... answer: c", "C"),
        ("Because A dog", "A"),
        ("no", None),
    ],
)
def test_choice_reads_the_letter(text: str, answer: str | None) -> None:
    """A letter that is called the answer comes before one that stands alone."""
    assert Choice().parse(text) == answer


@pytest.mark.parametrize(
    ("grader", "answer", "reference", "score"),
    [
        ("exact", "monday", "Monday", 1.0),
        ("exact", "monday", "Sunday", 0.0),
        ("numeric", "1200", "1,200.0", 1.0),
        ("numeric", "1200.1", "1200", 0.0),
        ("numeric", "3", "none", 0.0),
        ("choice", "B", "(b)", 1.0),
        ("choice", "B", "C", 0.0),
    ],
)
def test_right_is_right_however_it_is_written(grader: str, answer: str, reference: str, score: float) -> None:
    """The reference is read as the answers are."""
    assert GRADERS[grader]().grade(answer, reference) == score


@pytest.mark.parametrize("grader", sorted(GRADERS))
def test_no_answer_is_never_right(grader: str) -> None:
    """None scores zero under every grader."""
    options = {"pattern": "B"} if grader == "pattern" else {}
    assert build(grader, options).grade(None, "B 1") == 0.0


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("(C)", "c", True),
        ("(3", "3", True),
        ("((5)).", "5", True),
        ("(Paris, France)", "Paris, France", True),
        ("(1, 2)", "(1,2)", True),
        ("(1,2)", "[1,2]", False),
        ("[1, 2)", "[1, 2]", False),
        ("(1,2)", "1,2", False),
        ("(1/2) + (3/4)", "1/2) + (3/4", False),
        ("f(x)", "f(x", False),
    ],
)
def test_brackets_count_where_they_say_something(one: str, other: str, equal: bool) -> None:
    """Around a point or an interval they do; around a choice or a word they do not."""
    assert (Exact().parse(one) == Exact().parse(other)) is equal


def test_a_flood_of_brackets_is_read_at_once() -> None:
    """A model that has lost its way may fill its whole answer with them."""
    assert Exact().parse("(" * 200_000 + "5") is not None


def test_a_long_list_in_brackets_is_read_at_once() -> None:
    """Two hundred numbers and a word: there is one way only to see that not all of them are marks."""
    began = time.monotonic()
    assert Exact().parse(f"({'11,' * 200} and so on)") == "11," * 200 + " and so on"
    assert Exact().parse(f"({'11,' * 200}12)") == f"({'11,' * 200}12)"
    assert time.monotonic() - began < 1
