"""Extrapolation beyond the pool: its promises where the truth is known, and how far off it is on recorded answers."""

from dataclasses import FrozenInstanceError
from itertools import product
from math import factorial, lgamma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from jointopt.domain import Scorecard
from jointopt.evaluation.extrapolate import (
    Extrapolation,
    _Fit,
    _known,
    _Model,
    _play,
    extrapolate_best_of,
    extrapolate_majority,
)
from jointopt.strategies.majority import win_chances
from tests.recorded import Recorded, read_recorded

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def _world(questions: int, samples: int, seed: int = 0) -> tuple[Floats, Integers, Floats]:
    """True chances of four answers, the first right, what was counted, and marks."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([1.5, 0.5, 0.25, 0.25], size=questions)
    return chances, rng.multinomial(samples, chances), np.tile([1.0, 0.0, 0.0, 0.0], (questions, 1))


def _fit(counts: Integers, marks: Floats) -> _Fit:
    return _Fit.of(_Model(counts, marks, _known(counts, None)))


@pytest.mark.parametrize("n", [1, 7, 8])
def test_what_the_samples_cover_is_refused_and_the_exact_estimator_named(n: int) -> None:
    """Up to n = K nothing is extrapolated."""
    _, counts, marks = _world(5, 8)
    with pytest.raises(ValueError, match="win_chances"):
        extrapolate_majority(counts, marks, n)
    with pytest.raises(ValueError, match="pass@n"):
        extrapolate_best_of(counts[:, 0], 8, n)


def test_counts_that_make_no_sense_are_refused() -> None:
    """Questions with different K, or more right samples than there are."""
    with pytest.raises(ValueError, match=r"\[2, 3\] samples"):
        extrapolate_majority(np.array([[2, 0], [1, 2]]), np.ones((2, 2)), 9)
    with pytest.raises(ValueError, match="a count is -1"):
        extrapolate_best_of(np.array([3, 5]), 4, 9)


def test_it_is_no_scorecard_and_says_what_it_is() -> None:
    """Its own type, with a label, that cannot be changed."""
    found = extrapolate_best_of(np.array([0, 3, 8]), 8, 20)
    assert not issubclass(Extrapolation, Scorecard) and not hasattr(found, "scores")
    assert (found.n, found.label) == (20, "extrapolated from K=8")
    with pytest.raises(FrozenInstanceError):
        found.samples = 20  # type: ignore[misc]  # that is the point


def test_votes_are_those_of_a_dirichlet_multinomial_law() -> None:
    """The play of a vote of five meets the sum over all ways in which it can end."""
    _, counts, marks = _world(1, 6, seed=3)
    fit = _fit(np.tile(counts, (100, 1)), np.tile(marks, (100, 1)))
    weights = (fit.prior.weights + fit.counts)[0]
    expected = 0.0
    for votes in product(range(6), repeat=4):
        if sum(votes) == 5:
            parts = [lgamma(w + v) - lgamma(w) for w, v in zip(weights, votes, strict=True)]
            ways = factorial(5) / np.prod([factorial(v) for v in votes])
            chance = ways * np.exp(sum(parts) - lgamma(weights.sum() + 5) + lgamma(weights.sum()))
            expected += chance * (votes[0] == max(votes)) / votes.count(max(votes))
    values, _ = _play(fit, 5, np.random.default_rng(0))
    assert values.mean() == pytest.approx(expected, abs=0.01)


def test_a_play_moves_with_the_fit_as_it_says() -> None:
    """A vote of one wins with its share: how that moves with the tilt is known."""
    _, counts, marks = _world(400, 6)
    fit = _fit(counts, marks)
    _, slopes = _play(fit, 1, np.random.default_rng(0))
    weights = fit.prior.weights + fit.counts
    total = weights.sum(axis=1)
    expected = fit.prior.slopes[..., 0] / total - fit.prior.slopes.sum(axis=2) * weights[:, 0] / total**2
    assert expected.mean(axis=1)[1] > 0.05
    assert slopes.mean(axis=1) == pytest.approx(expected.mean(axis=1), abs=0.005)


@pytest.mark.parametrize("n", [9, 33, 1_000_000])
def test_the_mean_is_near_the_truth_where_the_model_holds(n: int) -> None:
    """One vote more than there are samples, four times as many, and so many that the likeliest answer always wins."""
    chances, counts, marks = _world(800, 8)
    truth = np.random.default_rng(1).multinomial(n, chances, size=(40, 800))
    first = truth == truth.max(axis=2, keepdims=True)
    found = extrapolate_majority(counts, marks, n)
    assert found.score == pytest.approx((first[..., 0] / first.sum(axis=2)).mean(), abs=0.02)
    if n > 1000:
        assert found.score == pytest.approx((chances.argmax(axis=1) == 0).mean(), abs=0.02)


def test_one_vote_beyond_the_samples_is_close_to_the_exact_estimate() -> None:
    """The mean at n = K + 1 continues the exact curve that ends at K."""
    _, counts, marks = _world(800, 8)
    exact = win_chances(counts, [7, 8])[:, :, 0].mean(axis=0)
    assert extrapolate_majority(counts, marks, 9).score == pytest.approx(2 * exact[1] - exact[0], abs=0.02)


def test_what_others_answered_brings_each_value_nearer_to_the_truth() -> None:
    """Forty votes of prompts that tend to the same answers."""
    chances, counts, marks = _world(300, 4)
    others = np.random.default_rng(2).multinomial(40, chances).astype(np.float64)
    truth = np.random.default_rng(1).multinomial(33, chances, size=(50, 300))
    won = (truth[..., 0] > truth[..., 1:].max(axis=2)).mean(axis=0)
    alone, helped = (extrapolate_majority(counts, marks, 33, others=known).values - won for known in (None, others))
    assert (helped**2).mean() < 0.5 * (alone**2).mean()


def test_room_for_answers_that_nobody_gave_changes_little() -> None:
    """Six more empty columns."""
    _, counts, marks = _world(300, 8)
    wider = extrapolate_majority(np.pad(counts, ((0, 0), (0, 6))), np.pad(marks, ((0, 0), (0, 6))), 32)
    assert wider.score == pytest.approx(extrapolate_majority(counts, marks, 32).score, abs=0.02)


def test_a_seed_repeats_itself() -> None:
    """The same seed draws the same; another does not."""
    _, counts, marks = _world(40, 4)
    first, again, other = (extrapolate_majority(counts, marks, 9, seed=seed).values for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_more_samples_and_more_right_ones_never_earn_less(right: list[int]) -> None:
    """Best-of-n rises with n on every question, and with what was right; all is finite, none is certain."""
    curve = [extrapolate_best_of(np.array(right), 6, n) for n in (7, 8, 20, 500)]
    values = np.array([point.values for point in curve])
    assert (np.diff(values, axis=0) >= 0).all() and (values > 0).all() and (values <= 1).all()
    assert (np.diff(values[:, np.argsort(right)], axis=1) >= -1e-12).all()
    for point in curve:
        low, high = point.interval
        assert 0 <= low <= point.score <= high <= 1


@pytest.mark.parametrize("right", [0, 6])
@pytest.mark.parametrize("questions", [1, 50])
def test_samples_that_are_all_alike_make_no_certainty(right: int, questions: int) -> None:
    """None right, or all of them, on one question or on fifty."""
    verified = extrapolate_best_of(np.full(questions, right), 6, 12)
    counts = np.tile([right, 6 - right], (questions, 1))
    voted = extrapolate_majority(counts, np.tile([1.0, 0.0], (questions, 1)), 12)
    for found in (verified, voted):
        low, high = found.interval
        assert abs(found.score - right / 6) < (0.4 if questions == 1 else 0.1)
        assert high - low > 0.01 and low <= found.score <= high


def test_best_of_many_is_near_the_truth_where_the_model_holds() -> None:
    """Hard questions of which eight samples show few: pass@100 is .55 where raw shares say .35."""
    rng = np.random.default_rng(0)
    chances = rng.beta(0.2, 2.0, size=2000)
    right, truth = rng.binomial(8, chances), (1 - (1 - chances) ** 100).mean()
    found = extrapolate_best_of(right, 8, 100)
    raw = (1 - (1 - right / 8) ** 100).mean()
    assert found.score == pytest.approx(truth, abs=0.03) and raw < truth - 0.1
    assert found.interval[0] <= truth <= found.interval[1]


def test_the_interval_is_that_of_a_bootstrap_of_the_whole_procedure() -> None:
    """Questions resampled, the fit made anew each time: the same standard error, and more than that of the values."""
    rng = np.random.default_rng(0)
    right = rng.binomial(8, rng.beta(0.3, 1.2, size=200))
    scores = [extrapolate_best_of(rng.choice(right, size=200), 8, 100).score for _ in range(100)]
    found = extrapolate_best_of(right, 8, 100)
    assert found.standard_error == pytest.approx(np.std(scores), rel=0.25)
    assert found.standard_error > 1.3 * found.values.std() / 200**0.5
    low, high = found.interval
    assert high - low == pytest.approx(2 * 1.96 * found.standard_error, rel=0.1)


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    """Answers of a real model."""
    found = read_recorded()
    if found is None:
        pytest.skip("no recorded answers: set JOINTOPT_BENCH_DATA")
    return found


@pytest.fixture(scope="module")
def drawn(recorded: Recorded) -> Integers:
    """Eight of the 128 samples of each question under every prompt."""
    rng = np.random.default_rng(0)
    return np.array([[rng.multivariate_hypergeometric(pool, 8) for pool in pools] for pools in recorded.counts])


def _right(counts: Integers, recorded: Recorded) -> Floats:
    """The exact chance of the right answer in a vote of 32, shape (2, Q)."""
    won = win_chances(counts.reshape(-1, 5), [32])[:, 0].reshape(2, -1, 5)
    return np.asarray(won[:, np.arange(len(recorded.right)), recorded.right])


def _votes(drawn: Integers, recorded: Recorded, *, others: bool) -> list[Extrapolation]:
    """The vote of 32 under prompts 1 and 4, extrapolated from eight."""
    marks, known = np.eye(5)[recorded.right], (drawn.sum(axis=0) - drawn).astype(np.float64)
    return [extrapolate_majority(drawn[p], marks, 32, others=known[p] if others else None) for p in (1, 4)]


def test_recorded_votes_of_32_are_seen_from_eight(recorded: Recorded, drawn: Integers) -> None:
    """Values are nearer than raw shares plugged in, nearest with what other prompts answered, and means within .03."""
    truth = _right(recorded.counts[[1, 4]], recorded)
    raw = _right(drawn[[1, 4]] * 100_000, recorded)
    alone, helped = (
        np.array([found.values for found in _votes(drawn, recorded, others=others)]) for others in (False, True)
    )
    off = [float(np.sqrt(((values - truth) ** 2).mean())) for values in (raw, alone, helped)]
    assert off[2] < 0.14 and off[2] < off[1] - 0.01 and off[1] < off[0] - 0.005
    for values in (alone, helped):
        assert np.abs((values - truth).mean(axis=1)).max() < 0.03


def test_the_turn_of_the_ranking_is_seen_from_eight_samples(recorded: Recorded, drawn: Integers) -> None:
    """Prompt 1 is better alone, prompt 4 in a vote of 32: extrapolation says so before a 32nd sample is drawn."""
    right = np.take_along_axis(drawn[[1, 4]], np.tile(recorded.right, (2, 1))[..., None], axis=2).mean(axis=(1, 2)) / 8
    assert right[0] > right[1]
    first, second = _votes(drawn, recorded, others=True)
    assert second.score > first.score
