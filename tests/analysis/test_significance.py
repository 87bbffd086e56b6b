"""Differences between policies: right coverage, right size, sane at the edges."""

import numpy as np
import pytest

from jointopt.analysis import paired_difference
from tests.bench.bench_comparison import World, dev_holds, sealed_holds


def test_equal_scores_are_not_a_proof() -> None:
    """Two policies that scored alike on every example differ by no more than the examples can rule out."""
    few, many = (paired_difference([1.0] * count, [1.0] * count) for count in (12, 120))
    assert (few.mean, few.p, few.examples) == (0.0, 1.0, 12)
    assert -few.low == pytest.approx(few.high) and not few.settled
    assert 0.02 < many.high < 0.05
    assert 0.2 < few.high < 0.3


def test_one_example_settles_nothing() -> None:
    """A single pair has the widest interval there is."""
    found = paired_difference([1.0], [0.0])
    assert (found.mean, found.low, found.high, found.p) == (1.0, -1.0, 1.0, 1.0)


def test_right_or_wrong_gives_tangos_interval() -> None:
    """Tango (1998) inverts z = (b - c - Qd) / sqrt(Q(2q + d(1 - d))) with q the larger root of his quadratic."""
    count, b, c = 44, 0, 3
    found = paired_difference([1.0] * b + [0.0] * c + [1.0] * 41, [0.0] * b + [1.0] * c + [1.0] * 41)
    for end in (found.low, found.high):
        half = -b - c + (2 * count - b + c) * end
        q = ((half**2 + 8 * count * c * end * (1 - end)) ** 0.5 - half) / (4 * count)
        z = (b - c - count * end) / (count * (2 * q + end * (1 - end))) ** 0.5
        assert abs(z) == pytest.approx(1.96, abs=1e-3)


def test_a_gap_as_large_as_can_be_is_certain_when_it_is_repeated() -> None:
    """Twelve wins of twelve settle it; two of two do not."""
    assert paired_difference([1.0] * 12, [0.0] * 12).settled
    assert not paired_difference([1.0] * 2, [0.0] * 2).settled


def test_a_small_lead_on_few_examples_may_hide_a_large_loss() -> None:
    """A tenth on each of twelve examples leaves room for a rare failure that they did not show; on 120 it does not."""
    assert not paired_difference([0.6] * 12, [0.5] * 12).settled
    assert paired_difference([0.6] * 120, [0.5] * 120).settled


def test_interval_and_p_value_are_one_test() -> None:
    """The interval leaves zero out exactly where p is below 0.05."""
    rng = np.random.default_rng(5)
    found = [paired_difference(rng.random(15) < 0.8, rng.random(15) < 0.4) for _ in range(200)]
    assert all(one.settled == (one.p < 0.05) for one in found)
    assert 20 < sum(one.settled for one in found) < 180


def test_a_wider_reach_widens_the_interval() -> None:
    """Utilities may differ by more than scores do; a gap that was seen is always possible."""
    near, far = (paired_difference([0.5] * 20, [0.4] * 20, reach=reach) for reach in (1.0, 3.0))
    assert far.low < near.low < near.high < far.high
    assert paired_difference([5.0, 4.0], [0.0, 0.0]).high == pytest.approx(5.0, abs=0.2)
    assert paired_difference([0.0] * 3, [0.0] * 3, reach=0.0).high == 0.0


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


@pytest.mark.parametrize("spread", [0.0, 0.5])
@pytest.mark.parametrize("sealed", [10, 20, 50, 150])
def test_the_interval_of_two_winners_of_a_noisy_search_covers(spread: float, sealed: int) -> None:
    """100 studies choose among 100 policies on dev; the sealed interval holds the truth in 95%, less the binomial's 3
    standard errors.
    """
    rng = np.random.default_rng(sealed)
    worlds = [World.draw(rng, spread, 0.7) for _ in range(5)]
    held = [sealed_holds(rng, worlds[i % 5], sealed, "prompt first")[0] for i in range(100)]
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 100) ** 0.5


def test_dev_flatters_the_winner_of_a_search() -> None:
    """Against the default, the difference on dev is far too large, and its interval misses the truth too often."""
    rng = np.random.default_rng(2)
    world = World.draw(rng, 0.0, 0.7)
    plain, _, off = np.mean([dev_holds(rng, world, "the default") for _ in range(60)], axis=0)
    assert plain < 0.95 - 3 * (0.95 * 0.05 / 60) ** 0.5
    assert off > 0.08


@pytest.mark.parametrize(("better", "worse"), [(0.05, 0.0), (0.1, 0.02), (0.15, 0.15), (0.0, 0.3)])
@pytest.mark.parametrize("count", [10, 12, 20])
def test_few_examples_with_many_ties_are_covered(better: float, worse: float, count: int) -> None:
    """Gaps of 0 and now and then 1 or -1: where bootstraps and Student's t hold the truth in 40 to 90%."""
    rng = np.random.default_rng(count)
    gaps = rng.choice([1.0, -1.0, 0.0], p=[better, worse, 1 - better - worse], size=(120, count))
    found = [paired_difference(row, np.zeros(count)) for row in gaps]
    held = [one.low <= better - worse <= one.high for one in found]
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 120) ** 0.5
