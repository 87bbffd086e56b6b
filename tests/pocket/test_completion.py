"""Thoughts, answers and seeds."""

import pytest

from jointopt.pocket.completion import seed_of, split_thoughts


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("answer: 3", "", "answer: 3"),
        ("<think> 4, 5 </think> answer: 5", "4, 5", "answer: 5"),
        ("<think> 4, 5", "4, 5", ""),
        ("well <think> 4 </think>", "", "well <think> 4 </think>"),
    ],
)
def test_thoughts_are_split_from_the_answer(text: str, thoughts: str, answer: str) -> None:
    """Only a text that begins with thoughts has any."""
    assert split_thoughts(text) == (thoughts, answer)


def test_seeds_differ_by_name_and_replicate() -> None:
    """A name and a replicate always give the same seed, and no two of these the same."""
    seeds = {seed_of(name, replicate) for name in ("a", "b", "1:1") for replicate in range(50)}
    assert len(seeds) == 150
    assert seed_of("a", 0) == seed_of("a", 0) >= 0
