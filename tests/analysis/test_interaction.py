"""Variance shares: the planted truth is found, and noise is not taken for it."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Table, components, variance_shares
from jointopt.errors import NothingToReport

NAMES = ("prompt", "strategy", "n")


def _table(values: NDArray[np.float64], names: tuple[str, ...] = NAMES) -> Table:
    levels = tuple(tuple(map(str, range(count))) for count in values.shape[1:])
    return Table(values, names[: len(levels)], levels)


def _by_hand(means: NDArray[np.float64]) -> dict[tuple[str, ...], float]:
    """Functional ANOVA as the textbook has it: averages minus every lower effect, then mean squares."""
    axes = range(means.ndim)
    effects: dict[tuple[int, ...], NDArray[np.float64]] = {}
    for order in range(means.ndim + 1):
        for effect in combinations(axes, order):
            rest = tuple(axis for axis in axes if axis not in effect)
            lower = (known for below, known in effects.items() if set(below) < set(effect))
            effects[effect] = means.mean(axis=rest, keepdims=True) - sum(lower)
    return {
        tuple(NAMES[axis] for axis in effect): float((part**2).mean()) for effect, part in effects.items() if effect
    }


def test_components_are_the_textbook_anova() -> None:
    """Projection on contrasts equals inclusion and exclusion, for every effect of a full table."""
    means = np.random.default_rng(0).random((4, 3, 5))
    assert components(means, NAMES) == pytest.approx(_by_hand(means), abs=1e-9)


def test_without_noise_the_unbiased_shares_are_the_plain_ones() -> None:
    """Identical examples leave nothing to correct, and the intervals have no width."""
    means = np.random.default_rng(1).random((4, 3, 5))
    truth = _by_hand(means)
    found = variance_shares(_table(np.repeat(means[None], 6, axis=0)), draws=50)
    total = sum(truth.values())
    assert found.total_variance == pytest.approx(total, abs=1e-9)
    for share in found.shares:
        assert share.share == pytest.approx(truth[share.effect] / total, abs=1e-9)
        assert share.low == pytest.approx(share.share, abs=1e-9) == share.high
    assert sum(share.share for share in found.shares) == pytest.approx(1.0)


def test_a_planted_exclusive_or_is_all_interaction() -> None:
    """Neither factor matters alone; together they are everything, in spite of noise."""
    rng = np.random.default_rng(2)
    values = np.array([[0.8, 0.2], [0.2, 0.8]])[..., None] + rng.normal(0, 0.2, size=(80, 2, 2, 4))
    found = variance_shares(_table(values), draws=300)
    pair = found.of("strategy", "prompt")
    assert pair is not None and pair.share >= 0.98 and pair.real and pair.p_null < 0.01
    assert found.total("prompt") == pytest.approx(pair.share, abs=0.02)
    assert not any(share.real for share in found.shares if share is not pair)


def test_pure_noise_has_intervals_that_hold_zero() -> None:
    """Over 200 tables without any effect, at least 95% of all intervals hold 0, and p-values are not too small."""
    rng = np.random.default_rng(3)
    held, small, silent = [], [], 0
    for seed in range(200):
        values = np.clip(0.5 + rng.normal(0, 0.2, (40, 1, 1, 1)) + rng.normal(0, 0.15, (40, 5, 3, 3)), 0, 1)
        try:
            found = variance_shares(_table(values), draws=200, seed=seed)
        except NothingToReport:
            silent += 1
            continue
        held += [share.low <= 0 <= share.high for share in found.shares]
        small += [share.p_null < 0.01 for share in found.shares]
        assert "sampling noise" in found.note or found.total_variance > 0
    assert silent < 150 and np.mean(held) >= 0.95 and np.mean(small) < 0.05


@pytest.mark.parametrize(("examples", "draws"), [(10, 500), (40, 200)])
def test_a_study_of_pure_noise_is_seldom_taken_for_more(examples: int, draws: int) -> None:
    """Over 200 studies of right-or-wrong scores without any effect, all intervals of a study hold 0 in at least 95%."""
    rng, held = np.random.default_rng(examples), []
    for seed in range(200):
        chances = rng.beta(0.5, 0.5, (examples, 1, 1, 1))
        values = (rng.random((examples, 5, 3, 3)) < chances).astype(float)
        try:
            shares = variance_shares(_table(values), draws=draws, seed=seed).shares
        except NothingToReport:
            held.append(True)
        else:
            held.append(all(share.low <= 0 <= share.high for share in shares))
    assert np.mean(held) >= 0.95


def test_what_is_not_told_apart_is_pooled() -> None:
    """Of four factors the pairs and the one triple are told; all other meetings are one share, and the sum is 1."""
    rng = np.random.default_rng(7)
    means = rng.random((3, 2, 4, 1)) + 0.5 * rng.random((3, 1, 4, 2))
    levels = tuple(tuple(map(str, range(count))) for count in (3, 2, 4, 2))
    table = Table(means[None] + rng.normal(0, 0.02, (30, 3, 2, 4, 2)), (*NAMES, "model"), levels)
    found = variance_shares(table, draws=100)
    assert [share.effect for share in found.shares if len(share.effect) > 2] == [NAMES]
    assert found.rest is not None and found.rest.effect == ()
    assert sum(share.share for share in found.shares) + found.rest.share == pytest.approx(1.0)
    assert found.rest.real and found.rest.share > 0.005


def test_a_table_with_holes_gives_the_shares_of_its_balanced_part() -> None:
    """A level that is hardly filled is left out, by name, and changes nothing else."""
    values = np.random.default_rng(8).random((30, 3, 2, 4))
    values[:, 0] += 1.0
    holed = values.copy()
    holed[4:, 2, :, :] = np.nan
    found = variance_shares(_table(holed), draws=50)
    assert "prompt 2" in found.left_out and found.examples == 30
    whole = variance_shares(_table(values[:, :2]), draws=50)
    assert found.shares == whole.shares and whole.left_out == ""


def test_intervals_cover_planted_shares() -> None:
    """Over 150 noisy tables with known effects, the 95% intervals hold the true shares in 90% or more."""
    rng = np.random.default_rng(4)
    means = 0.5 + rng.normal(0, 0.06, (5, 1, 1)) + rng.normal(0, 0.05, (1, 3, 1)) + rng.normal(0, 0.05, (5, 3, 1))
    truth = _by_hand(np.broadcast_to(means, (5, 3, 3)).copy())
    total, covered = sum(truth.values()), []
    for seed in range(150):
        found = variance_shares(_table(means + rng.normal(0, 0.2, (40, 5, 3, 3))), draws=200, seed=seed, meetings=())
        covered += [
            share.low <= truth[share.effect] / total <= share.high for share in found.shares if share.share > 0.02
        ]
    assert np.mean(covered) >= 0.9


def test_a_factor_of_one_level_is_named_and_left_out() -> None:
    """What has one choice has no share, and the note says so."""
    values = np.random.default_rng(5).random((9, 3, 1, 4))
    values[:, 0] += 1.0
    found = variance_shares(_table(values), draws=50)
    assert found.factors == ("prompt", "n") and "strategy" in found.note
    assert found.of("strategy") is None


def test_six_examples_are_enough_to_speak() -> None:
    """The smallest table on which an effect can be told from noise gives numbers and no warning."""
    values = np.random.default_rng(6).random((6, 2, 2)) * 0.01
    values[:, 0] += 0.5
    found = variance_shares(_table(values), draws=100)
    assert found.examples == 6 and np.isfinite([share.high for share in found.shares]).all()
    prompt = found.of("prompt")
    assert prompt is not None and prompt.p_null < 0.05


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones((6, 2, 2)), "scores the same"),
        (np.zeros((6, 2, 2)), "scores the same"),
        (np.array([[[0.0, 1.0], [0.0, 1.0]]] * 5), "5 examples are too few"),
        (np.ones((1, 2, 2)), "1 example"),
        (np.ones((0, 2, 2)), "0 example"),
        (np.ones((5, 1, 1)), "more than one choice"),
        (np.full((5, 2, 2), np.nan), "missing"),
        (np.array([[[0.0, 1.0]], [[1.0, 0.0]]] * 3), "no more than sampling noise"),
    ],
)
def test_what_cannot_be_measured_is_said_in_words(values: NDArray[np.float64], reason: str) -> None:
    """No variance, one example, one choice, a hole, opposite examples: a reason and no warning."""
    with pytest.raises(NothingToReport, match=reason):
        variance_shares(_table(values), draws=20)


def test_a_table_must_fit_its_names() -> None:
    """Levels that do not match the values are the caller's mistake."""
    with pytest.raises(ValueError, match="does not fit"):
        Table(np.ones((3, 2)), ("prompt",), (("one",),))
