"""The bootstrap that findings share: its intervals cover, on few examples too."""

import numpy as np
import pytest

from jointopt.analysis.resampling import DRAWS, draw_weights, ends, mean_estimate, t95


@pytest.mark.parametrize("count", [6, 10, 40])
def test_intervals_of_a_mean_cover_it(count: int) -> None:
    """Over 400 columns, the interval holds the true mean in 95%, less the binomial's 3 standard errors."""
    rng, weights = np.random.default_rng(count), draw_weights(count, 1000)
    found = [mean_estimate(column, weights) for column in rng.uniform(size=(400, count))]
    held = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert held >= 0.95 - 3 * (0.95 * 0.05 / 400) ** 0.5


def test_weights_of_a_resample_sum_to_one_and_repeat() -> None:
    """Shape, sum and seed."""
    weights = draw_weights(7, 20, seed=3)
    assert weights.shape == (20, 7) and weights.sum(axis=1) == pytest.approx(np.ones(20))
    assert (weights == draw_weights(7, 20, seed=3)).all() and (weights != draw_weights(7, 20)).any()


def test_what_never_happens_in_some_resamples_makes_an_endless_interval() -> None:
    """Infinite values are values: with more than 2.5% of them the upper end is infinite, with none it is not."""
    values = np.arange(1000.0)
    assert np.isfinite(ends(values, 500)[1])
    values[:100] = np.inf
    assert ends(values, 500)[1] == np.inf and np.isfinite(ends(values, 500)[0])


def test_one_example_is_an_interval_without_width() -> None:
    """It never varies; whoever asks has to say that one is too few."""
    assert mean_estimate(np.array([0.5]), draw_weights(1, DRAWS)).low == 0.5


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (30, 2.042), (1000, 1.962)]
)
def test_students_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    """As far as an interval needs it."""
    assert t95(freedom) == pytest.approx(t, abs=1e-2)
