"""The frontier: which policies are worth paying for, and how sure that is."""

import numpy as np
import pytest

from jointopt.analysis import find_frontier
from jointopt.domain import Policy, Scorecard, Source


def _card(name: str, score: float, cost: float, latency: float = 1.0, *, examples: int = 40) -> Scorecard:
    """A policy that answers its share of the examples right, the same ones as every better policy."""
    scores = (np.arange(examples) < score * examples).astype(float)
    usd, tokens, seconds = (np.full(examples, value) for value in (cost, 100 * cost, latency))
    policy = Policy(Source(name, "micro", 1.0), "single", 1)
    names = tuple(map(str, range(examples)))
    return Scorecard(policy, names, scores, usd, tokens, seconds, np.ones(examples, dtype=np.int64))


def _names(stops: object) -> list[str]:
    assert isinstance(stops, tuple)
    return [stop.policy.source.prompt for stop in stops]


def test_a_step_is_the_best_policy_from_its_cost_on() -> None:
    """What is dearer and no better is no step; the best within a budget is the last step that it covers."""
    cards = [_card("dear", 0.9, 4.0), _card("cheap", 0.5, 1.0), _card("useless", 0.4, 2.0), _card("fair", 0.7, 3.0)]
    found = find_frontier(cards)
    assert found is not None
    assert _names(found.steps) == ["cheap", "fair", "dear"] == _names(found.front)
    within = [found.within(budget) for budget in (0.5, 1.0, 2.9, 3.0, 99.0)]
    assert [stop and stop.policy.source.prompt for stop in within] == [None, "cheap", "cheap", "fair", "dear"]


def test_latency_keeps_a_policy_on_the_front_that_is_no_step() -> None:
    """A quicker one is on the Pareto front, though another is cheaper and better; a slower one is not."""
    found = find_frontier([_card("good", 0.8, 1.0), _card("quick", 0.6, 2.0, 0.1), _card("slow", 0.6, 2.0, 3.0)])
    assert found is not None
    assert _names(found.steps) == ["good"]
    assert _names(found.front) == ["good", "quick"]


def test_a_lucky_first_block_is_left_out() -> None:
    """Only policies judged on the most examples count, and the label says among how many."""
    found = find_frontier([_card("lucky", 1.0, 0.1, examples=16), _card("a", 0.5, 1.0), _card("b", 0.6, 2.0)])
    assert found is not None
    assert _names(found.front) == ["a", "b"]
    assert "among 2 policies" in found.label and "same 40 dev examples: flattered" in found.label


def test_each_step_says_its_gain_on_the_one_before_with_an_interval() -> None:
    """One example of forty is luck; twelve are not; the cheapest has none before it."""
    found = find_frontier([_card("a", 0.5, 1.0), _card("b", 0.525, 2.0), _card("c", 0.825, 3.0)])
    assert found is not None
    first, second, third = (stop.gain for stop in found.steps)
    assert first is None and second is not None and third is not None
    assert second.mean == pytest.approx(0.025) and not second.settled
    assert third.mean == pytest.approx(0.3) and third.settled
    assert all(stop.low < stop.score < stop.high for stop in found.steps)


def test_policies_that_agree_are_one() -> None:
    """A difference in the sixteenth digit is rounding, not a step."""
    found = find_frontier([_card("named first", 0.5, 1.0), _card("again", 0.5, 1.0 - 1e-16)])
    assert found is not None and _names(found.front) == _names(found.steps) == ["named first"]


def test_tokens_stand_for_money_where_nothing_has_a_price() -> None:
    """Free models still cost tokens; without a card there is no frontier."""
    free = [_card("a", 0.5, 1.0), _card("b", 0.6, 2.0)]
    for card in free:
        card.cost_usd[:] = 0
    found = find_frontier(free)
    assert found is not None and found.unit == "tokens"
    assert [found.cost(stop) for stop in found.steps] == [100, 200]
    assert find_frontier([]) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_what_no_policy_beats(seed: int) -> None:
    """Held against the definition, policy by policy, on random cards."""
    rng = np.random.default_rng(seed)
    drawn = np.round(rng.random((60, 3)), 1) + np.array([0, 0.1, 0.1])
    cards = [_card(str(place), *values) for place, values in enumerate(drawn)]
    exact = {card.policy: (-card.score, float(card.cost_usd.mean()), float(card.latency_s.mean())) for card in cards}
    means = {policy: tuple(round(value, 6) for value in values) for policy, values in exact.items()}
    best = {
        one
        for one in means.values()
        if not any(other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in means.values())
    }
    found = find_frontier(cards)
    assert found is not None
    assert {means[stop.policy] for stop in found.front} == best
    assert len(found.front) == len(best)
    assert {stop.policy for stop in found.steps} <= {stop.policy for stop in found.front}
