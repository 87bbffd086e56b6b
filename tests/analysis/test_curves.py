"""Curves and where they cross."""

import numpy as np
import pytest

from jointopt.analysis import Curve, crossings


def _curve(prompt: str, levels: tuple[float, ...], *, noise: float = 0.0, model: str = "m") -> Curve:
    rng = np.random.default_rng(len(prompt))
    table = np.array(levels)[:, None] + noise * rng.normal(size=(len(levels), 50))
    return Curve(prompt, model, "majority", (1, 4, 16)[: len(levels)], table)


def test_a_curve_knows_its_means_and_bands() -> None:
    """Scores are means over examples, with their interval around them."""
    curve = Curve("p", "m", "majority", (1, 2), np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert curve.scores == (0.5, 1.0)
    assert curve.lows == pytest.approx((0.055, 0.342), abs=1e-3)
    assert curve.highs == pytest.approx((0.945, 1.0), abs=1e-3)


def test_a_sure_swap_is_found_from_either_side() -> None:
    """The prompt that leads alone and trails in the vote is `early`, whatever the order of the curves."""
    fast, slow = _curve("fast", (0.65, 0.64, 0.63)), _curve("slow", (0.62, 0.7, 0.77))
    for pair in ((fast, slow), (slow, fast)):
        (found,) = crossings(pair)
        assert (found.early, found.late, found.from_n, found.to_n, found.probability) == ("fast", "slow", 1, 16, 1.0)
        assert (found.lead_before, found.lead_after) == pytest.approx((0.03, 0.14))


def test_parallel_curves_do_not_cross() -> None:
    """The better prompt stays the better one."""
    assert crossings([_curve("a", (0.5, 0.6, 0.7)), _curve("bb", (0.4, 0.5, 0.6))]) == ()


def test_a_tie_at_the_start_is_no_swap() -> None:
    """Equal prompts have no order to lose."""
    assert crossings([_curve("a", (0.5, 0.6, 0.7)), _curve("bb", (0.5, 0.5, 0.6))]) == ()


def test_a_swap_within_the_noise_is_doubted() -> None:
    """A crossing by a hair gets a small probability, and sorts behind a sure one."""
    hair = [_curve("a", (0.505, 0.5, 0.495), noise=0.3), _curve("bbb", (0.5, 0.5, 0.5), noise=0.3)]
    sure = [_curve("c", (0.9, 0.5, 0.1), model="other"), _curve("dd", (0.1, 0.5, 0.9), model="other")]
    found = crossings([*hair, *sure])
    assert found[0].early == "c"
    assert all(crossing.probability < 0.8 for crossing in found[1:])


def test_only_like_is_compared_with_like() -> None:
    """Curves of different models, or of different examples, are no pair."""
    one = _curve("a", (0.9, 0.1, 0.1))
    assert crossings([one, _curve("bb", (0.1, 0.9, 0.9), model="other")]) == ()
    assert crossings([one, _curve("bb", (0.1, 0.9))]) == ()
