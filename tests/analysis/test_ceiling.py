"""The parts between the winner and a score of 1: they add up, and a planted part is found where it is."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Ceiling, Marked, Part, find_ceiling
from jointopt.analysis.ceiling import best_of
from jointopt.domain import Policy, Source

PLAIN = Source("plain", "small", 1.0)
STEPS, LARGE = replace(PLAIN, prompt="steps"), replace(PLAIN, model="large")
SOURCES = (PLAIN, STEPS, LARGE)
Marks = NDArray[np.float64]


def _found(marks: dict[Source, Marks], scores: Marks, n: int = 2) -> Ceiling:
    names = tuple(f"q{place}" for place in range(len(scores)))
    marked = [Marked(source, each) for source, each in marks.items()]
    found = find_ceiling(Policy(PLAIN, "majority", n), scores, marked, names)
    assert isinstance(found, Ceiling)
    return found


def _sizes(found: Ceiling) -> dict[Part, float]:
    return {gap.part: gap.size.mean for gap in found.gaps}


def _drawn(chances: Marks, samples: int, seed: int) -> Marks:
    drawn: Marks = (np.random.default_rng(seed).random((len(chances), samples)) < chances[:, None]).astype(float)
    return drawn


@pytest.mark.parametrize("seed", range(20))
def test_the_parts_add_up_to_what_is_missing(seed: int) -> None:
    """On random marks, graded or not, with holes or without: 1 minus the score, to rounding."""
    rng = np.random.default_rng(seed)
    marks: dict[Source, Marks] = {source: rng.random((30, 8)) for source in SOURCES}
    if seed % 2:
        marks = {source: np.round(each) for source, each in marks.items()}
    marks[STEPS][rng.random(30) < 0.5, 5:] = np.nan
    found = _found(marks, rng.random(30), n=1 + seed % 5)
    assert sum(_sizes(found).values()) == pytest.approx(1 - found.score.mean, abs=1e-12)
    assert [gap.part for gap in found.gaps] == list(Part)
    assert all(gap.size.low <= gap.size.mean <= gap.size.high for gap in found.gaps)
    assert found.reach.mean == pytest.approx(1 - found.gaps[-1].size.mean, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_best_of_n_is_the_mean_over_all_subsets(n: int) -> None:
    """Held against brute force, for graded marks, and where an example has fewer samples."""
    marks = np.random.default_rng(n).random((6, 7))
    marks[2, 5:] = np.nan
    for row, value in zip(marks, best_of(marks, n), strict=True):
        there = row[~np.isnan(row)]
        assert value == pytest.approx(np.mean([max(some) for some in combinations(there, n)]))


def test_each_part_is_found_where_it_was_planted() -> None:
    """Ten questions for every part: not picked, another prompt, another model, only in more samples, never."""
    marks = {source: np.zeros((50, 40)) for source in SOURCES}
    marks[PLAIN][:10] = 1  # found and not picked
    marks[STEPS][10:20] = 1
    marks[LARGE][20:30] = 1
    marks[PLAIN][30:40, 0] = 1  # found once in 40
    sizes = _sizes(_found(marks, np.zeros(50)))
    once = 2 / 40 * 0.2
    expected = (0.2 + once, 0.2, 0.2, 0.2 - once, 0.2)
    assert tuple(sizes[part] for part in Part) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_intervals_of_the_parts_cover(share: float) -> None:
    """Over 200 studies of 24 questions, the share that nobody solves lies in its interval in 95%, less 3 errors."""
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        marks = np.ones((24, 4)) * (rng.random((24, 1)) >= share)
        size = _found({PLAIN: marks}, marks[:, 0]).gaps[-1].size
        held.append(size.low <= share <= size.high)
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 200) ** 0.5


def test_the_unsolved_are_named() -> None:
    """Those without a right sample, whatever their source, with a forecast."""
    marks = {source: np.ones((6, 4)) for source in SOURCES}
    for each in marks.values():
        each[[1, 4]] = 0
    found = _found(marks, np.ones(6) * 0.5)
    assert found.unsolved is not None and found.unsolved.examples == ("q1", "q4")
    assert found.unsolved.samples == 12 and [f.more for f in found.unsolved.forecasts] == [6, 12]
    assert _found({source: np.ones((6, 4)) for source in SOURCES}, np.ones(6)).unsolved is None


def test_what_luck_seems_to_offer_is_not_there_on_other_samples() -> None:
    """Prompts that are all equal: the most there can be is well above 0, the least holds 0 in 95% of 100 studies."""
    held, most = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        chances = rng.random(40)
        prompts = [replace(PLAIN, prompt=f"p{place}") for place in range(5)]
        marks = {source: _drawn(chances, 8, 100 * seed + place) for place, source in enumerate((PLAIN, *prompts))}
        prompt = _found(marks, np.zeros(40)).gaps[1]
        assert prompt.least is not None
        held.append(prompt.least.low <= 0 <= prompt.least.high)
        most.append(prompt.size.low)
    assert np.mean(most) > 0.05 and np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 100) ** 0.5


def test_a_choice_by_the_question_that_helps_is_seen_on_other_samples() -> None:
    """Half of the questions want one prompt, half the other: the least finds it, and routing adds nothing."""
    first = np.repeat([0.9, 0.1], 50)
    marks = {PLAIN: _drawn(first, 16, 0), STEPS: _drawn(1 - first, 16, 1), LARGE: _drawn(first * 0, 16, 2)}
    found = _found(marks, first, n=1)
    prompt, routing = found.gaps[1].least, found.gaps[2].least
    assert found.split_n == 1 and prompt is not None and prompt.low > 0.3 and 0.35 < prompt.mean < 0.45
    assert routing is not None and routing.mean == pytest.approx(0, abs=0.02)


def test_a_strategy_that_revises_its_samples_may_beat_their_best() -> None:
    """The selection gap is negative then, and the note says why."""
    found = _found({source: np.zeros((5, 4)) for source in SOURCES}, np.ones(5))
    assert found.gaps[0].size.mean == -1 and "revises" in found.note


def test_sources_with_fewer_samples_are_left_out() -> None:
    """They cannot be compared at the winner's n; the note counts them."""
    marks = {PLAIN: np.ones((5, 8)), STEPS: np.ones((5, 2)), LARGE: np.ones((5, 8))}
    found = _found(marks, np.ones(5), n=4)
    assert found.sources == 2 and "1 sources have fewer samples" in found.note


@pytest.mark.parametrize(
    ("marks", "scores", "reason"),
    [
        (np.ones((1, 4)), np.ones(1), "1 example"),
        (np.ones((0, 4)), np.ones(0), "0 example"),
        (np.ones((5, 1)), np.ones(5), "has not 2 samples"),
        (np.ones((5, 4)), np.full(5, np.nan), "missing"),
    ],
)
def test_where_it_cannot_be_told_a_reason_is_given(marks: Marks, scores: Marks, reason: str) -> None:
    """One example, none, too few samples, holes."""
    names = tuple(map(str, range(len(scores))))
    found = find_ceiling(Policy(PLAIN, "majority", 2), scores, [Marked(PLAIN, marks)], names)
    assert isinstance(found, Absent) and reason in found.reason


@pytest.mark.parametrize(("score", "last"), [(1.0, 0.0), (0.0, 1.0)])
def test_all_right_and_all_wrong_are_findings(score: float, last: float) -> None:
    """Nothing is missing, or everything is unsolved; one source has no other to be chosen."""
    found = _found({PLAIN: np.full((5, 4), score)}, np.full(5, score))
    assert found.gaps[-1].size.mean == last and found.split_n == 0 and found.gaps[1].least is None
