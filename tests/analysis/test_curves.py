"""Curves over n."""

import numpy as np
import pytest

from jointopt.analysis import Curve


def test_a_curve_knows_its_means_and_bands() -> None:
    """Scores are means over examples, with their interval around them."""
    curve = Curve("p", "m", "majority", (1, 2), np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert curve.scores == (0.5, 1.0)
    assert curve.lows == pytest.approx((0.055, 0.342), abs=1e-3)
    assert curve.highs == pytest.approx((0.945, 1.0), abs=1e-3)
