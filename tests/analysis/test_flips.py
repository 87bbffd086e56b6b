"""Flips: a planted swap is found where it is, and luck is not taken for one."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Flips, Lines, find_flips

NS = ("1", "4", "16")


def _lines(levels: NDArray[np.float64], examples: int, seed: int, *, along: str = "n") -> Lines:
    """Right-or-wrong scores with the chances of shape (L, N); single questions are easy or hard for all."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(0, 0.15, examples)
    chances = np.clip(levels[:, :, None] + ease, 0, 1)
    values = (rng.random(chances.shape) < chances).astype(float)
    names = tuple(f"p{place}" for place in range(levels.shape[1]))
    return Lines("prompt", along, names, NS[: len(levels)], values, (("model", "m"),))


SWAP = np.array([[0.6, 0.4], [0.6, 0.6], [0.6, 0.8]])


def _found(lines: Lines, **options: int) -> Flips:
    found = find_flips([lines], **options)
    assert isinstance(found, Flips)
    return found


def test_a_planted_swap_is_found_with_both_leads() -> None:
    """Who leads where, with which chance, and where the lines meet."""
    found = _found(_lines(SWAP, 300, 0))
    (flip,) = found.flips
    assert (flip.first, flip.second, flip.before, flip.after) == ("p0", "p1", "1", "16")
    assert flip.settled and flip.probability > 0.99 and min(flip.chance_before, flip.chance_after) > 0.99
    assert flip.lead_before.low < 0.2 < flip.lead_before.high and flip.lead_after.low < 0.2 < flip.lead_after.high
    assert flip.meeting is not None and flip.meeting.low < 4 < flip.meeting.high and flip.meeting.high < 16
    assert (found.found, found.pairs, found.examples, flip.fixed) == (1, 1, 300, (("model", "m"),))


def test_rounding_decides_no_draw() -> None:
    """On few examples many a draw is level: it is no lead, whichever way the sums were rounded."""
    one, other = np.array([[1.0, 0, 1, 0, 0, 0, 0, 0], [0.0, 1, 0, 0, 0, 0, 0, 0]])
    lines = Lines("prompt", "n", ("p0", "p1"), ("1", "4"), np.array([[one, other], [other, one]]))
    (level,) = _found(lines).flips
    for noise in (-1e-15, 1e-15):
        moved = lines.values.copy()
        moved[:, 0] += noise
        (flip,) = _found(replace(lines, values=moved)).flips
        assert (flip.chance_before, flip.chance_after) == (level.chance_before, level.chance_after)


def test_swaps_that_are_not_told_are_counted() -> None:
    """Sixteen prompts in reverse order: twelve swaps are told, and all that stand are counted."""
    up = np.linspace(0.05, 0.95, 16)
    found = _found(_lines(np.array([up, up[::-1]]), 300, 2), draws=20)
    assert len(found.flips) == 12 < found.settled <= found.found


def test_the_meeting_is_covered_by_its_interval() -> None:
    """Over 100 studies, the n at which the chances are equal lies in the interval in 95%, less 3 standard errors."""
    rows = np.array([[0.7, 0.5], [0.65, 0.65], [0.6, 0.8]])
    found = [_found(_lines(rows, 150, seed), draws=500).flips for seed in range(100)]
    meetings = [flips[0].meeting for flips in found if flips]
    held = [one.low <= 4 <= one.high for one in meetings if one]
    assert len(held) > 95 and np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 100) ** 0.5


def test_equal_prompts_are_seldom_said_to_have_changed_places() -> None:
    """Over 100 studies of six equal prompts at three n, a settled flip is told in at most 5%."""
    wrong = []
    for seed in range(100):
        found = _found(_lines(np.full((3, 6), 0.6), 40, seed), most=1, draws=20)
        wrong.append(any(flip.settled for flip in found.flips))
    assert np.mean(wrong) <= 0.05


def test_a_lead_that_only_grows_is_no_flip() -> None:
    """Where one prompt is ahead everywhere, in truth by a tie at first, settled flips are rare."""
    rows = np.array([[0.5, 0.5], [0.5, 0.7], [0.5, 0.8]])
    wrong = [any(f.settled for f in _found(_lines(rows, 60, seed), draws=20).flips) for seed in range(200)]
    assert np.mean(wrong) <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_strategies_may_change_the_order_too() -> None:
    """Along names nothing is interpolated, and a swap back and forth is one flip."""
    rows = np.array([[0.9, 0.3], [0.3, 0.9], [0.9, 0.3]])
    (flip,) = _found(_lines(rows, 100, 1, along="strategy")).flips
    assert flip.meeting is None and flip.along == "strategy" and flip.settled


def test_rankings_hold_ranks_and_the_chance_to_lead() -> None:
    """Equal scores share a rank; the chances of a level add up to 1."""
    values = np.zeros((2, 3, 4))
    values[0] = [[1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]]
    values[1, 2] = 1
    (ranking,) = _found(Lines("prompt", "n", ("a", "b", "c"), ("1", "2"), values)).rankings
    assert ranking.ranks == ((1.5, 1.5, 3.0), (2.5, 2.5, 1.0))
    assert [sum(row) for row in ranking.leads] == pytest.approx([1, 1])
    assert ranking.leads[1] == (0, 0, 1) and abs(ranking.leads[0][0] - 0.5) < 0.05
    assert ranking.scores[0] == (0.75, 0.75, 0.0)


def test_only_the_surest_are_told_and_all_are_counted() -> None:
    """Of 28 pairs that all change places twelve are told."""
    rows = np.array([np.linspace(0.2, 0.8, 8), np.linspace(0.8, 0.2, 8)])
    found = _found(_lines(rows, 200, 2), draws=50)
    assert found.pairs == 28 and found.found > 24 and len(found.flips) == 12
    assert [flip.p for flip in found.flips] == sorted(flip.p for flip in found.flips)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((1, 3, 9), "one n and one strategy"),
        ((3, 1, 9), "one prompt and one model"),
        ((3, 3, 1), "1 example cannot tell"),
        ((3, 3, 0), "0 example cannot tell"),
    ],
)
def test_where_nothing_can_flip_a_reason_is_given(shape: tuple[int, int, int], reason: str) -> None:
    """One n, one prompt, one example, none."""
    lines = Lines("prompt", "n", tuple("abc"[: shape[1]]), NS[: shape[0]], np.zeros(shape))
    found = find_flips([lines])
    assert isinstance(found, Absent) and reason in found.reason


def test_missing_scores_are_said_to_be_missing() -> None:
    """A hole is no score."""
    found = find_flips([Lines("prompt", "n", ("a", "b"), ("1", "2"), np.full((2, 2, 4), np.nan))])
    assert found == Absent("some scores are missing")
    assert isinstance(find_flips([]), Absent)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_right_and_all_wrong_have_rankings_without_flips(score: float) -> None:
    """Everybody shares the first place."""
    found = _found(Lines("prompt", "n", ("a", "b"), ("1", "2"), np.full((2, 2, 4), score)))
    assert found.flips == () and found.rankings[0].ranks == ((1.5, 1.5), (1.5, 1.5))
