"""Differences between policies: right coverage, right size, sane at the edges."""

import numpy as np
import pytest

from jointopt.analysis import paired_difference


def test_equal_scores_differ_by_nothing() -> None:
    """The same column twice: no difference, no width, p of 1."""
    found = paired_difference([0.2, 1.0, 0.0], [0.2, 1.0, 0.0])
    assert (found.mean, found.low, found.high, found.p, found.examples) == (0.0, 0.0, 0.0, 1.0, 3)
    assert not found.settled


def test_one_example_settles_nothing() -> None:
    """A single pair has the widest interval there is."""
    found = paired_difference([1.0], [0.0])
    assert (found.mean, found.low, found.high, found.p) == (1.0, -1.0, 1.0, 1.0)


def test_a_constant_lead_is_certain() -> None:
    """The same lead on every example has no width, and its p is the share of one-sided sign patterns."""
    found = paired_difference([0.6] * 12, [0.5] * 12)
    assert found.low == pytest.approx(0.1) == found.high
    assert found.p < 0.01 and found.settled


def test_swapping_the_columns_swaps_the_sign() -> None:
    """Both views of a comparison agree."""
    a, b = np.random.default_rng(0).random((2, 40))
    one, other = paired_difference(a, b), paired_difference(b, a)
    assert (one.mean, one.low, one.p) == pytest.approx((-other.mean, -other.high, other.p))


def test_the_interval_stays_within_possible_scores() -> None:
    """No difference of scores lies beyond -1 to 1."""
    found = paired_difference([1.0, 1.0, 0.0], [0.0, 0.0, 0.9])
    assert found.low >= -1.0 and found.high <= 1.0


@pytest.mark.parametrize("columns", [([0.1], [0.1, 0.2]), ([], []), ([float("nan")], [0.0])])
def test_columns_that_cannot_be_compared_are_refused(columns: tuple[list[float], list[float]]) -> None:
    """Lengths that differ, nothing at all, and holes are the caller's mistake."""
    with pytest.raises(ValueError, match=r"columns|missing"):
        paired_difference(*columns)


def test_intervals_cover_the_truth_and_p_values_keep_their_size() -> None:
    """Over 400 simulated studies of 30 examples, 95% intervals hold the truth and a null is called real in 5%."""
    rng = np.random.default_rng(1)
    covered, called = [], []
    for seed in range(400):
        shared = rng.random(30)
        a, b = (np.clip(shared + rng.normal(0, 0.3, 30), 0, 1) for _ in range(2))
        found = paired_difference(a, b, draws=400, seed=seed)
        covered.append(found.low <= 0 <= found.high)
        called.append(found.p <= 0.05)
    assert np.mean(covered) >= 0.925
    assert np.mean(called) <= 0.08
