"""Power: variances are parted rightly, and a forecast that is followed comes true."""

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Compared, Insight, Power, find_power, paired_difference
from jointopt.analysis.telling import tell

Floats = NDArray[np.float64]


def _drawn(rng: np.random.Generator, gap: float, spread: float, examples: int, samples: int) -> Compared:
    """Two policies of single samples; the difference varies from example to example by `spread`."""
    ease = rng.uniform(0.35, 0.65, examples)
    tilt = (gap + spread * rng.choice([-1.0, 1.0], examples)) / 2
    draws = [rng.random((examples, samples)) < np.clip(ease + side * tilt, 0, 1)[:, None] for side in (1, -1)]
    first, second = (each.astype(float) for each in draws)
    halves = np.array([(first - second)[:, half::2].mean(axis=1) for half in (0, 1)])
    return Compared("one against the other", first.mean(axis=1), second.mean(axis=1), samples, halves)


def _found(*compared: Compared) -> Power:
    found = find_power(compared)
    assert isinstance(found, Power)
    return found


def test_the_variance_is_parted_into_examples_and_samples() -> None:
    """On average over 60 studies both parts are what was planted, and they add up to the whole."""
    rng = np.random.default_rng(0)
    parts = []
    for _ in range(60):
        compared = _drawn(rng, 0.0, 0.2, 100, 8)
        found = find_power([compared])
        if isinstance(found, Power):
            whole = float((compared.first - compared.second).var(ddof=1))
            assert found.example_variance + found.sampling_variance == pytest.approx(whole) and found.method == "halves"
            parts.append((found.example_variance, found.sampling_variance))
    between, sampling = np.mean(parts, axis=0)
    assert between == pytest.approx(0.04, rel=0.15) and sampling == pytest.approx(2 * 0.235 / 8, rel=0.15)


def test_without_halves_samples_are_drawn_again() -> None:
    """The variance of redrawn gaps is the samples' part; without either, all is taken for the examples' own."""
    rng = np.random.default_rng(1)
    own = rng.normal(0, 0.2, 300)
    redrawn = own + rng.normal(0, 0.1, (40, 300))
    first = 0.5 + own - own.mean() + rng.normal(0, 0.1, 300)
    found = _found(Compared("q", first, np.full(300, 0.5), 4, None, redrawn))
    assert found.method == "redrawn" and found.sampling_variance == pytest.approx(0.01, rel=0.1)
    bare = _found(Compared("q", first, np.full(300, 0.5), 4))
    assert bare.method == "unknown" and bare.sampling_variance == 0 and bare.example_variance > found.example_variance


def test_following_the_forecast_settles_the_difference_in_four_of_five() -> None:
    """With as many examples as are said to be needed, 70 to 90% of 150 repetitions are settled."""
    rng = np.random.default_rng(2)
    need = next(n for n in _found(_drawn(rng, 0.0, 0.2, 400, 8)).needs if n.difference == 0.05)
    assert need.examples is not None and need.deep_examples is not None and need.deep_examples < need.examples
    again = [_drawn(rng, 0.05, 0.2, need.examples, 8) for _ in range(150)]
    settled = [paired_difference(one.first, one.second).settled for one in again]
    assert 0.7 < np.mean(settled) < 0.9


@pytest.mark.parametrize(("spread", "examples"), [(0.153, 40), (0.05, 20), (0.4, 60)])
def test_the_least_difference_that_is_named_is_settled_in_four_of_five(spread: float, examples: int) -> None:
    """Small smooth gaps on few examples are what the test is widest on: the forecast knows that."""
    rng = np.random.default_rng(5)
    pilot = rng.normal(0, spread, examples)
    found = _found(Compared("q", spread * (pilot - pilot.mean()) / pilot.std(ddof=1), np.zeros(examples), 4))
    again = rng.normal(found.least, spread, (300, examples))
    settled = [paired_difference(gaps, np.zeros(examples)).settled for gaps in again]
    assert 0.7 < np.mean(settled) < 0.9


def test_the_examples_that_are_named_settle_small_smooth_differences() -> None:
    """As many as are named settle 2 and 5 points in 70 to 90% of 200 repetitions, gaps of right or wrong as well."""
    rng = np.random.default_rng(6)
    signs = np.tile([-1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], 20)
    smooth = rng.normal(0, 0.1, 200)
    for gaps in (signs, smooth - smooth.mean()):
        needs = _found(Compared("q", gaps, np.zeros(200), 4)).needs
        need = next(one for one in needs if one.difference == 0.05)
        assert need.examples is not None
        drawn = rng.choice(gaps, (200, need.examples)) + 0.05
        settled = [paired_difference(each, np.zeros(need.examples)).settled for each in drawn]
        assert 0.7 < np.mean(settled) < 0.9


def test_what_is_settled_is_settled_within_the_reach_of_the_comparison() -> None:
    """Where utilities may lie further apart than scores, the same gaps settle less."""
    gaps = np.random.default_rng(7).normal(0, 0.05, 40)
    near, far = (_found(Compared("q", gaps - gaps.mean(), np.zeros(40), 4, reach=reach)) for reach in (1.0, 3.0))
    assert near.least < far.least


def test_what_nobody_could_settle_is_said_to_be_so() -> None:
    """Two examples settle no difference between 0 and 1, and the sentence names no number of a thousand points."""
    found = _found(Compared("q", np.array([0.25, 0.0]), np.zeros(2), 4))
    assert found.least == float("inf")
    (line,) = tell(Insight(power=found))
    assert "today's 2 settle none that is possible" in line


def test_more_samples_help_only_as_far_as_the_examples_agree() -> None:
    """Where examples differ too much no number of samples does; where they do not, some number does."""
    rng = np.random.default_rng(3)
    apart = _found(_drawn(rng, 0.0, 0.3, 40, 8))
    assert all(need.samples is None for need in apart.needs if need.difference == 0.01)
    alike = _found(_drawn(rng, 0.0, 0.0, 400, 2))
    assert any(need.samples is not None and need.samples > 2 for need in alike.needs)


def test_the_closest_open_comparison_is_chosen() -> None:
    """Settled ones are passed over; of the others the one that takes the fewest examples is told."""
    rng = np.random.default_rng(4)
    noise: Floats = rng.normal(0, 0.2, 50)
    settled = Compared("settled", np.full(50, 0.9) + noise / 9, np.full(50, 0.1), 4)
    near, far = (Compared(name, 0.5 + gap + noise - noise.mean(), np.full(50, 0.5), 4)
                 for name, gap in (("near", 0.04), ("far", 0.001)))  # fmt: skip
    found = _found(settled, far, near)
    assert found.question == "near" and not found.difference.settled
    assert found.needs[0].difference == pytest.approx(0.04) and "forecast" in found.label
    assert found.least > 0.04


def test_where_nothing_is_open_a_reason_is_given() -> None:
    """Nothing compared, one example, holes, all right, everything settled."""
    ones = np.ones(20)
    reasons = {
        "nothing was compared": [],
        "1 example": [Compared("q", ones[:1], ones[:1], 2)],
        "missing": [Compared("q", ones * np.nan, ones, 2)],
        "scores the same": [Compared("q", ones, ones, 2)],
        "is settled": [Compared("q", np.r_[ones[1:], 0.9], 0 * ones, 2)],
    }
    for reason, compared in reasons.items():
        found = find_power(compared)
        assert isinstance(found, Absent) and reason in found.reason


def test_a_difference_of_nothing_asks_for_sizes_only() -> None:
    """What is 0 now cannot be settled; 1, 2 and 5 points can."""
    gaps = np.tile([0.5, -0.5], 10)
    found = _found(Compared("q", 0.5 + gaps, np.full(20, 0.5), 2))
    assert [need.difference for need in found.needs] == [0.01, 0.02, 0.05]
