"""When it is enough: known points, by hand."""

import numpy as np
import pytest

from jointopt.domain import Scalar, Vote
from jointopt.strategies import Ballots, Drawn, Playbook, Windows
from jointopt.strategies.bayesian import _grid, _leads
from jointopt.strategies.reservation import _threshold


def _enough(name: str, answers: str, ratings: list[float] | None = None, **options: Scalar) -> bool:
    """Whether a strategy has enough after these answers."""
    strategy = Playbook().build(name, tuple(sorted(options.items())))
    assert isinstance(strategy, Windows)
    marks = ratings or [0.0] * len(answers)
    votes = [Vote(answer, rating=rating) for answer, rating in zip(answers, marks, strict=True)]
    drawn = Drawn.of(Ballots.of([votes]), np.arange(len(votes))[None, :])
    return bool(strategy.enough(drawn.first(len(votes))).item())


@pytest.mark.parametrize(
    ("answers", "enough"), [("aaa", False), ("aaaa", True), ("aaaab", False), ("aaaaaab", True), ("abcd", False)]
)
def test_adaptive_consistency_stops_where_beta_says_so(answers: str, enough: bool) -> None:
    """At .95: four of four (1 - 1/32), not four of five (1 - 7/64), six of seven (1 - 9/256)."""
    assert _enough("adaptive_consistency", answers, threshold=0.95) is enough


@pytest.mark.parametrize(("answers", "enough"), [("abccc", True), ("cccab", False), ("cc", False)])
def test_early_stop_looks_at_the_last_window_alone(answers: str, enough: bool) -> None:
    """Unanimous or not, and never before it is whole."""
    assert _enough("early_stop", answers, window=3) is enough


def test_the_posterior_is_that_of_three_hypotheses() -> None:
    """Summed by hand over the prior's grid, for three votes to one and one other."""
    p1, p2, p3, weight = _grid(1.0)
    leader = (np.exp(weight) * p1**3 * p2 * np.maximum(1 - p1 - p2, 1e-9)).sum()
    second = (np.exp(weight) * p2**3 * p1 * np.maximum(1 - p1 - p2, 1e-9)).sum()
    other = (np.exp(weight) * p2**3 * p3 * np.maximum(1 - p2 - p3, 1e-9)).sum()
    assert _leads(5, 1.0)[3, 1] == pytest.approx(leader / (leader + second + other))


def test_a_prior_that_expects_agreement_stops_earlier() -> None:
    """And more votes for the leader make it surer, whatever the prior."""
    for votes in range(2, 6):
        assert _leads(votes, 4.0)[votes, 0] > _leads(votes, 0.0)[votes, 0]
        assert _leads(votes + 1, 1.0)[votes + 1, 0] > _leads(votes, 1.0)[votes, 0]
    assert _enough("bayesian", "aaa", threshold=0.95, prior=4.0)
    assert not _enough("bayesian", "aab", threshold=0.95, prior=4.0)


def test_the_reservation_value_is_where_the_expected_gain_is_the_price() -> None:
    """By simulation of a normal: what one more sample adds to a best that far above the mean."""
    draws = np.random.default_rng(0).normal(size=400_000)
    for gain in (0.02, 0.1, 0.3):
        best = _threshold(gain)
        assert np.maximum(draws - best, 0).mean() == pytest.approx(gain, abs=0.003)


def test_a_good_enough_rating_ends_the_search() -> None:
    """A best far above the rest does, and one above the reserve; one sample alone does not, nor do two unlike ones."""
    assert _enough("reservation", "abcdef", [0.1, 0.12, 0.1, 0.11, 0.1, 0.9], gain=0.1)
    assert not _enough("reservation", "ab", [0.1, 0.9], gain=0.1)
    assert not _enough("reservation", "a", [0.9], gain=0.1)
    assert _enough("reservation", "a", [0.9], gain=0.1, reserve=0.8)


def test_an_order_of_many_answers_numbers_its_own() -> None:
    """Of a hundred answers an order of five votes shows five at most: as many are counted, and counted rightly."""
    rng = np.random.default_rng(3)
    answers = np.concatenate([rng.permutation(100)[:60], rng.integers(3, size=40)]).astype(np.int16)
    orders = np.array([rng.permutation(100)[:5] for _ in range(50)])
    shape = (1, *orders.shape)
    drawn = Drawn.numbered(answers[None, orders], np.zeros(shape), np.ones(shape, dtype=np.int64))
    assert drawn.kinds <= 5 and drawn.tallies.shape == (5, drawn.kinds, 1, 50)
    for r, order in enumerate(orders):
        for t in range(1, 6):
            seen = answers[order[:t]]
            assert [drawn.first(t).counts[kind, 0, r] for kind in drawn.answers[0, r, :t]] == [
                (seen == one).sum() for one in seen
            ]
