"""Weighted votes, and votes among the shortest."""

import numpy as np
import pytest

from jointopt.domain import Vote
from jointopt.strategies import Ballots, Drawn
from jointopt.strategies.selectors import Length
from jointopt.strategies.short_first import ShortFirst
from jointopt.strategies.weighted import Weighted


def _drawn(*votes: Vote) -> Drawn:
    return Drawn.of(Ballots.of([votes]), np.arange(len(votes))[None, :])


@pytest.mark.parametrize("later", [5.0, 5000.0, float("inf")])
def test_what_is_not_seen_yet_changes_no_weight(later: float) -> None:
    """After two votes the better rated one wins, however high a third will be rated; with it, the third does."""
    drawn = _drawn(Vote("a", rating=1.0), Vote("b", rating=2.0), Vote("c", rating=later))
    strategy = Weighted(temperature=0.5)
    assert strategy.elects(drawn.first(2))[:, 0, 0].tolist() == [0.0, 1.0, 0.0]
    assert strategy.elects(drawn.first(3))[:, 0, 0].tolist() == [0.0, 0.0, 1.0]


def test_votes_without_a_rating_tie() -> None:
    """Where no vote weighs anything, all answers that were given share the win."""
    drawn = _drawn(Vote("a", rating=float("nan")), Vote("b", rating=float("-inf")))
    assert Weighted().elects(drawn.first(2))[:, 0, 0].tolist() == [0.5, 0.5]


def test_a_failed_sample_is_not_among_the_shortest() -> None:
    """It has no token; the two right ones that have some win."""
    votes = (Vote(None, tokens=0), Vote("a", tokens=9), Vote("a", tokens=8), Vote("b", tokens=30))
    chances = ShortFirst(0.5).wins(_drawn(*votes).first(4))[0, 0]
    assert chances.tolist() == [0.0, 0.5, 0.5, 0.0]
    assert Length().value(votes[0]) < Length().value(votes[3])
