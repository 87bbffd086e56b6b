"""Difficulty: bins from samples that score nothing, and gains from questions that chose nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Apart, Difficulty, find_difficulty
from jointopt.domain import Policy, Source

Floats = NDArray[np.float64]


def _policies(count: int) -> list[Policy]:
    return [Policy(Source(f"p{place}", "m", 1.0), "majority", 4) for place in range(count)]


def _world(gain: float, questions: int, seed: int, policies: int = 2) -> Apart:
    """The first policy suits easy questions, the second hard ones, by `gain`; the others are worse everywhere."""
    rng = np.random.default_rng(seed)
    chances = rng.uniform(0.1, 0.9, questions)
    ease = rng.binomial(8, chances) / 8
    tilt = gain * np.where(chances > 0.5, 1, -1)
    truth = np.clip([chances + tilt, chances - tilt, *[chances] * (policies - 2)], 0, 1)
    return Apart(_policies(policies), (rng.random(truth.shape) < truth).astype(float), ease, 8, 4)


def _found(apart: Apart) -> Difficulty:
    found = find_difficulty(apart)
    assert isinstance(found, Difficulty)
    return found


def test_hard_and_easy_questions_get_their_own_policies() -> None:
    """The hardest bin comes first; each names its best, and choosing by bin is worth it on other questions."""
    found = _found(_world(0.3, 400, 0))
    assert [one.best.source.prompt for one in found.bins] == ["p1", "p1", "p0", "p0"]
    assert [one.low for one in found.bins] == sorted(one.low for one in found.bins)
    assert sum(one.examples for one in found.bins) == found.examples == 400
    assert found.gain.settled and 0.15 < found.gain.mean < 0.35
    hardest = found.bins[0]
    assert hardest.scores[1] == hardest.score.mean > hardest.overall.mean or found.overall == hardest.best
    assert (found.held_out, found.scored) == (8, 4)


def test_choosing_by_difficulty_is_not_flattered() -> None:
    """Ten equal policies: over 150 studies the gain is 0 on average, and its interval holds 0 in 95%."""
    gains, held = [], []
    for seed in range(150):
        gain = _found(_world(0.0, 60, seed, policies=10)).gain
        gains.append(gain.mean)
        held.append(gain.low <= 0 <= gain.high)
    assert abs(np.mean(gains)) < 3 * np.std(gains) / 150**0.5
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 150) ** 0.5


def test_bins_are_even_and_equals_stay_together() -> None:
    """About a quarter in each; questions that are equally easy are in one bin, and small bins join a neighbour."""
    apart = _world(0.0, 100, 1)
    spread = Apart(apart.policies, apart.scores, np.linspace(0, 1, 100), 8, 4)
    assert [one.examples for one in _found(spread).bins] == [25, 25, 25, 25]
    lumpy = Apart(apart.policies, apart.scores, np.repeat([0.0, 0.5, 1.0], [3, 90, 7]), 8, 4)
    assert [(one.low, one.high, one.examples) for one in _found(lumpy).bins] == [(0.0, 0.5, 93), (1.0, 1.0, 7)]


@pytest.mark.parametrize(
    ("apart", "reason"),
    [
        (Apart(_policies(1), np.ones((1, 40)), np.linspace(0, 1, 40), 2, 2), "fewer than two policies"),
        (Apart(_policies(2), np.full((2, 40), np.nan), np.linspace(0, 1, 40), 2, 2), "missing"),
        (Apart(_policies(2), np.ones((2, 1)), np.ones(1), 2, 2), "1 questions are too few"),
        (Apart(_policies(2), np.ones((2, 40)), np.ones(40), 2, 2), "equally hard"),
        (Apart(_policies(2), np.zeros((2, 40)), np.zeros(40), 2, 2), "equally hard"),
    ],
)
def test_where_questions_cannot_be_sorted_a_reason_is_given(apart: Apart, reason: str) -> None:
    """One policy, holes, one example, all right, all wrong."""
    found = find_difficulty(apart)
    assert isinstance(found, Absent) and reason in found.reason
