"""The latest card of every policy, exactly as it was."""

from dataclasses import fields, replace

import numpy as np
import pytest

from jointopt.domain import Policy, Scorecard, Source
from jointopt.storage import Database, Scoreboard, Studies


@pytest.fixture
def scoreboard(database: Database, study_id: int) -> Scoreboard:
    """An empty board."""
    return Scoreboard(database, study_id)


def card_of(policy: Policy, seed: int) -> Scorecard:
    """A card with numbers that have no short decimal form."""
    scores, cost, tokens, latency = np.random.default_rng(seed).random((4, 5))
    return Scorecard(policy, ("a", "b", "é", "d", "e"), scores, cost, tokens, latency, np.arange(5))


def assert_same(left: Scorecard, right: Scorecard) -> None:
    """Cards are equal to the last bit."""
    for field in fields(Scorecard):
        one, other = getattr(left, field.name), getattr(right, field.name)
        assert np.array_equal(one, other)
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)


def test_cards_come_back_to_the_last_bit(scoreboard: Scoreboard) -> None:
    """Policies of every shape, slots included."""
    plain = Policy(Source("p", "m", 0.7), "majority", 8)
    slotted = Policy(Source("p", "m", 0.1 + 0.2, (("check", "on"), ("style", "brief"))), "best_of", 4)
    cards = {policy: card_of(policy, seed) for seed, policy in enumerate([plain, slotted])}
    scoreboard.keep(list(cards.values()))
    found = scoreboard.cards()
    assert found.keys() == cards.keys()
    for policy, card in cards.items():
        assert_same(found[policy], card)


def test_the_latest_card_stays(scoreboard: Scoreboard) -> None:
    """Equal policies share one place, and the last of them has it."""
    single = Policy(Source("p", "m", 0.0), "single", 1)
    scoreboard.keep([card_of(single, 1)])
    scoreboard.keep([card_of(single, 2), card_of(replace(single, n=16), 3)])
    assert_same(scoreboard.cards()[single], card_of(single, 3))
    assert len(scoreboard.cards()) == 1


def test_studies_have_boards_of_their_own(database: Database, studies: Studies, scoreboard: Scoreboard) -> None:
    """A card of one study says nothing about another."""
    scoreboard.keep([card_of(Policy(Source("p", "m", 0.0), "single", 1), 1)])
    scoreboard.keep([])
    assert Scoreboard(database, studies.begin("second", "", "", now=0.0).id).cards() == {}
