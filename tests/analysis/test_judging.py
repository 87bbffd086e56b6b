"""Judging: accuracy, what the judge makes of n samples, and whether it is being gamed."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Judging, Rated, find_judging
from jointopt.domain import Source

Floats = NDArray[np.float64]
NS = (1, 2, 4, 8)


def _rated(ratings: Floats, marks: Floats) -> Rated:
    return Rated(Source("p", "m", 1.0), "best_of(by=judge)", ratings, marks)


def _world(apart: float, questions: int, seed: int, chance: float = 0.4) -> Rated:
    """Right samples are rated higher by `apart` spreads."""
    rng = np.random.default_rng(seed)
    marks = (rng.random((questions, 8)) < chance).astype(float)
    return _rated(rng.normal(size=marks.shape) + apart * marks, marks)


def _found(rated: Rated, ns: tuple[int, ...] = NS) -> Judging:
    found = find_judging(rated, ns)
    assert isinstance(found, Judging)
    return found


def test_picks_are_the_mean_over_all_subsets() -> None:
    """Score and rating of the top of n, ties shared, held against brute force."""
    rng = np.random.default_rng(0)
    rated = _rated(np.round(rng.random((3, 6)), 1), rng.random((3, 6)))
    found = _found(rated, (1, 3))
    scores, tops = [], []
    for ratings, marks in zip(rated.ratings, rated.marks, strict=True):
        for some in map(list, combinations(range(6), 3)):
            top = ratings[some].max()
            tops.append(top)
            scores.append(marks[some][ratings[some] == top].mean())
    assert found.scores[1].mean == pytest.approx(np.mean(scores))
    assert found.ratings[1].mean == pytest.approx(np.mean(tops))
    assert found.scores[0].mean == pytest.approx(found.by_chance)


@pytest.mark.parametrize("apart", [0.0, 1.0, 2.5])
def test_accuracy_is_covered_by_its_interval(apart: float) -> None:
    """Over 100 studies, the true chance lies in the interval in 95%, less 3 standard errors."""
    rng = np.random.default_rng(1)
    truth = float((rng.normal(size=200_000) + apart > rng.normal(size=200_000)).mean())
    found = [_found(_world(apart, 40, seed), (1, 8)).accuracy for seed in range(100)]
    held = [one.low <= truth <= one.high for one in found]
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 100) ** 0.5


def test_the_imagined_judges_are_as_good_as_real_ones() -> None:
    """A judge of that kind scores where the curve says; a coin scores as chance does, the truth as reach does."""
    rated = _world(1.190, 3000, 2)  # accuracy 0.8
    found = _found(rated)
    assert found.accuracy.mean == pytest.approx(0.8, abs=0.02)
    imagined = dict(zip(found.accuracies, found.curve, strict=True))
    assert imagined[0.8] == pytest.approx(found.scores[-1].mean, abs=0.02)
    assert imagined[0.5] == pytest.approx(found.by_chance, abs=1e-6)
    assert imagined[1.0] == found.reach[-1] == pytest.approx(1 - 0.6**8, abs=0.01)
    assert list(found.curve) == sorted(found.curve)


def test_a_judge_that_likes_rare_wrong_samples_sounds_the_alarm() -> None:
    """One dazzling wrong sample in eight: more samples please the judge and lower the score."""
    rng = np.random.default_rng(3)
    marks = (rng.random((200, 8)) < 0.7).astype(float)
    marks[:, 0] = 0
    ratings = rng.normal(size=marks.shape) + marks
    ratings[:, 0] = 9
    gamed = _found(_rated(ratings, marks)).gamed
    assert not isinstance(gamed, Absent)
    assert gamed.alarm and gamed.probability > 0.95 and gamed.peak_n < 8 and gamed.fall.low > 0 and gamed.rise.low > 0


def test_an_honest_or_blind_judge_seldom_sounds_the_alarm() -> None:
    """Over 200 studies with a judge that sees nothing, the alarm sounds in at most 5%; with a good one never."""
    blind = [_found(_world(0.0, 30, seed)).gamed for seed in range(200)]
    assert np.mean([not isinstance(one, Absent) and one.alarm for one in blind]) <= 0.05
    good = [_found(_world(1.5, 30, seed)).gamed for seed in range(30)]
    assert not any(not isinstance(one, Absent) and one.alarm for one in good)


@pytest.mark.parametrize(
    ("ratings", "marks", "ns", "reason"),
    [
        (np.ones((1, 4)), np.ones((1, 4)), NS, "1 example"),
        (np.ones((5, 1)), np.ones((5, 1)), NS, "one sample of every example"),
        (np.full((5, 4), -np.inf), np.ones((5, 4)), NS, "no rating"),
        (np.ones((5, 4)), np.full((5, 4), np.nan), NS, "no rating or no mark"),
        (np.ones((5, 4)), np.ones((5, 4)), NS, "nothing to tell apart"),
        (np.ones((5, 4)), np.zeros((5, 4)), NS, "nothing to tell apart"),
    ],
)
def test_where_a_judge_cannot_be_judged_a_reason_is_given(
    ratings: Floats, marks: Floats, ns: tuple[int, ...], reason: str
) -> None:
    """One example, one sample, no ratings, holes, all right, all wrong."""
    found = find_judging(_rated(ratings, marks), ns)
    assert isinstance(found, Absent) and reason in found.reason


def test_with_one_n_nothing_can_be_gamed() -> None:
    """The reason stands in the alarm's place."""
    assert _found(_world(1.0, 20, 0), (4,)).gamed == Absent("there is but one n")
