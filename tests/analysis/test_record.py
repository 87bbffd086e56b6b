"""Findings written down and read again."""

import json
from typing import Any

import numpy as np
import pytest

from jointopt.analysis import Absent, Insight, read_again, write_down
from jointopt.domain import Policy, Source
from tests.reports import conftest as shown


def test_findings_are_read_again_as_they_were_written() -> None:
    """Every value has its type and its last bit again, and they are written the same a second time."""
    found = shown.findings.__wrapped__()  # type: ignore[attr-defined]  # the fixture as the function that it was
    text = json.dumps(write_down(found))
    again = read_again(json.loads(text))
    assert type(again) is type(found) and again.winner == found.winner and again.comparison == found.comparison
    assert again.insight == found.insight and again.prompt == found.prompt and again.budget == found.budget
    assert np.array_equal(again.curves[0].scores, found.curves[0].scores)
    assert json.dumps(write_down(again)) == text


@pytest.mark.parametrize(
    "value",
    [
        0.1 + 0.2,
        float("inf"),
        -0.0,
        (1, ("a", None), ()),
        {"p": 1.0, "q": -2.0},
        Insight(flips=Absent("too few")),
        Policy(Source("p", "m", 0.7, (("slot", "a"),)), "best_of", 4, (("by", "logprob"),)),
    ],
)
def test_a_value_is_read_again_as_what_it_was(value: Any) -> None:
    """Numbers to the last bit, tuples as tuples, and of two classes that may stand in one place the right one."""
    again = read_again(json.loads(json.dumps(write_down(value))))
    assert again == value and repr(again) == repr(value)


def test_what_numpy_counted_is_a_plain_number() -> None:
    """JSON has no word for numpy's numbers; an array stays one, with its type."""
    assert json.dumps(write_down((np.float64(0.1), np.int64(3), np.bool_(True)))) == "[0.1, 3, true]"
    again = read_again(write_down(np.arange(3)))
    assert again.dtype == np.int64 and again.tolist() == [0, 1, 2]


def test_a_class_that_findings_do_not_consist_of_is_not_made() -> None:
    """Whatever stands in a database, no other class is called."""
    with pytest.raises(KeyError):
        read_again({"=": "Popen", "args": "ls"})
