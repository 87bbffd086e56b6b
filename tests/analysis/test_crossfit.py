"""Choosing on some examples and scoring on others takes the flattery away."""

import numpy as np
import pytest

from jointopt.analysis.crossfit import choose_across, cross_difference, cross_estimate, cross_fit, deal_halves
from jointopt.analysis.significance import paired_difference


def test_halves_are_even_and_repeat() -> None:
    """Neither half has two examples more than the other."""
    halves = deal_halves(23, seed=1)
    assert sorted(np.bincount(halves).tolist()) == [11, 12] and (halves == deal_halves(23, seed=1)).all()
    assert sorted(deal_halves(2).tolist()) == [0, 1]


def test_an_example_has_no_say_in_its_own_choice() -> None:
    """Held against a plain loop."""
    rng = np.random.default_rng(0)
    values, halves = rng.random((7, 30)), deal_halves(30)
    by_hand = [int(values[:, halves != halves[place]].mean(axis=1).argmax()) for place in range(30)]
    assert choose_across(values, halves).tolist() == by_hand
    assert cross_fit(values, halves).tolist() == [values[choice, place] for place, choice in enumerate(by_hand)]


def test_the_best_of_equals_is_no_better_than_they_are() -> None:
    """Among 50 equal choices the winner looks 7 points better on its own examples, and no better on others."""
    rng = np.random.default_rng(1)
    plain, fitted = [], []
    for seed in range(100):
        values = (rng.random((50, 200)) < 0.5).astype(float)
        plain.append(values.mean(axis=1).max())
        fitted.append(cross_fit(values, deal_halves(200, seed)).mean())
    assert np.mean(plain) > 0.57 and abs(np.mean(fitted) - 0.5) < 3 * np.std(fitted) / 10


def test_a_choice_that_is_clearly_best_is_always_chosen() -> None:
    """Nothing is lost where there is no doubt."""
    values = np.random.default_rng(2).random((5, 40))
    values[3] += 1
    assert (choose_across(values, deal_halves(40)) == 3).all()


@pytest.mark.parametrize(("choices", "spread"), [(2, 0.0), (2, 0.05), (30, 0.0), (30, 0.05), (300, 0.1)])
def test_intervals_of_cross_fitted_scores_cover(choices: int, spread: float) -> None:
    """Over 300 studies, the interval holds what the choices are truly worth in 95%, less 3 standard errors."""
    rng, held = np.random.default_rng(choices), []
    for seed in range(300):
        truth = np.clip(0.5 + spread * rng.normal(size=choices), 0, 1)
        values, halves = (rng.random((choices, 60)) < truth[:, None]).astype(float), deal_halves(60, seed)
        found = cross_estimate(cross_fit(values, halves))
        held.append(found.low <= truth[choose_across(values, halves)].mean() <= found.high)
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 300) ** 0.5


def test_differences_of_cross_fitted_scores_are_wider_than_plain_ones() -> None:
    """By the square root of 1 + 1/pi, and p agrees with the interval."""
    gaps = np.random.default_rng(3).normal(0.05, 0.2, 100)
    plain, wide = paired_difference(gaps, np.zeros(100)), cross_difference(gaps)
    assert wide.mean == plain.mean and wide.p > plain.p
    assert (wide.high - wide.low) / (plain.high - plain.low) == pytest.approx(1.148, abs=0.03)
    assert all(one.settled == (one.p < 0.05) for one in (plain, wide))
