"""The latest card of every policy, exactly as it was."""

import json
from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pytest
from sqlalchemy import text

from jointopt.domain import Budget, Policy, Scorecard, Source
from jointopt.storage import Crew, Database, Ledger, Scoreboard, Studies


@pytest.fixture
def scoreboard(database: Database, study_id: int) -> Scoreboard:
    """An empty board."""
    return Scoreboard(database, study_id)


def card_of(policy: Policy, seed: int) -> Scorecard:
    """A card with numbers that have no short decimal form."""
    scores, cost, tokens, latency, brief, polite, unreadable = np.random.default_rng(seed).random((7, 5))
    objectives = {"polite": polite, "brève": brief}
    examples = ("a", "b", "é", "d", "e")
    return Scorecard(policy, examples, scores, cost, tokens, latency, np.arange(5), objectives, unreadable)


def assert_same(left: Scorecard, right: Scorecard) -> None:
    """Cards are equal to the last bit."""
    for field in fields(Scorecard):
        assert_equal(getattr(left, field.name), getattr(right, field.name))


def assert_equal(one: object, other: object) -> None:
    """Equal values of one type; mappings name by name, in the same order."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        assert list(one) == list(other)
        for name in one:
            assert_equal(one[name], other[name])
        return
    assert np.array_equal(np.asarray(one), np.asarray(other))
    assert getattr(one, "dtype", None) == getattr(other, "dtype", None)


def test_cards_come_back_to_the_last_bit(scoreboard: Scoreboard) -> None:
    """Policies of every shape: slots, modes, options of every kind."""
    plain = Policy(Source("p", "m", 0.7), "majority", 8)
    slotted = Policy(Source("p", "m", 0.1 + 0.2, (("check", "on"), ("style", "brief"))), "best_of", 4)
    options = (("by", "judge:strict"), ("cap", True), ("threshold", 0.1 + 0.2), ("window", 5))
    thoughtful = Policy(Source("p", "m", 0.7, mode="think"), "early_stop", 8, options)
    cards = {policy: card_of(policy, seed) for seed, policy in enumerate([plain, slotted, thoughtful])}
    scoreboard.keep(list(cards.values()))
    found = scoreboard.cards()
    assert found.keys() == cards.keys()
    for policy, card in cards.items():
        assert_same(found[policy], card)


def test_the_latest_card_stays(scoreboard: Scoreboard) -> None:
    """Equal policies share one place, and the last of them has it; every other policy has its own."""
    single = Policy(Source("p", "m", 0.0), "single", 1)
    other = Policy(Source("p", "m", 0.0, mode="think"), "single", 1)
    scoreboard.keep([card_of(single, 1)])
    scoreboard.keep([card_of(single, 2), card_of(other, 4), card_of(Policy(Source("p", "m", 0.0), "single", 1), 3)])
    assert_same(scoreboard.cards()[single], card_of(single, 3))
    assert_same(scoreboard.cards()[other], card_of(other, 4))
    assert len(scoreboard.cards()) == 2


def test_a_card_of_an_older_jointopt_is_read(database: Database, scoreboard: Scoreboard) -> None:
    """It knows no objectives and no mode; the same policy's next card takes its place."""
    policy = Policy(Source("p", "m", 0.7), "majority", 2)
    old_policy = json.loads(policy.to_json())
    del old_policy["options"], old_policy["source"]["mode"]
    card = {
        "examples": ["a"],
        "scores": [0.5],
        "cost_usd": [0.1],
        "tokens": [46.0],
        "latency_s": [0.75],
        "samples": [2],
    }
    values = {"study": scoreboard.study_id, "policy": json.dumps(old_policy, sort_keys=True), "card": json.dumps(card)}
    with database.write() as connection:
        connection.execute(text("INSERT INTO jointopt_scorecards VALUES (:study, :policy, :card)"), values)
    half, usd, tokens, seconds = (np.array([value]) for value in (0.5, 0.1, 46.0, 0.75))
    (found,) = scoreboard.cards().values()
    assert_same(found, Scorecard(policy, ("a",), half, usd, tokens, seconds, np.array([2])))
    scoreboard.keep([card_of(policy, 5)])
    (found,) = scoreboard.cards().values()
    assert_same(found, card_of(policy, 5))


def test_studies_have_boards_of_their_own(database: Database, studies: Studies, scoreboard: Scoreboard) -> None:
    """A card of one study says nothing about another."""
    scoreboard.keep([card_of(Policy(Source("p", "m", 0.0), "single", 1), 1)])
    scoreboard.keep([])
    assert Scoreboard(database, studies.begin("second", "", "", now=0.0).id).cards() == {}


def test_only_who_conducts_keeps_cards(database: Database, study_id: int) -> None:
    """Another worker's, or an onlooker's, change nothing meanwhile; afterwards who has lost the study keeps none."""
    names = [f"elsewhere:{number}:1" for number in range(3)]
    crews = [Crew(database, study_id, name=name) for name in names]
    ledgers = [Ledger(database, study_id, Budget(calls=1), owner=name) for name in names]
    first, second, onlooker = (Scoreboard(database, study_id, ledger.fence) for ledger in ledgers)
    policy = Policy(Source("p", "m", 0.7), "majority", 8)
    for number, crew in enumerate(crews[:2]):
        crew.join()
        assert crew.conduct()
        (first, second)[number].keep([card_of(policy, number)])
        onlooker.keep([card_of(policy, 9)])
        assert_same(first.cards()[policy], card_of(policy, number))
        if crew is crews[0]:
            crew.step_down("running")
    first.keep([card_of(policy, 9)])
    crews[1].step_down("finished")
    first.keep([card_of(policy, 9)])
    assert_same(first.cards()[policy], card_of(policy, 1))
