"""Tiers: a planted meeting of model and prompt is found, and duels at equal cost are fair."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Tiers, find_tiers
from jointopt.domain import Policy, Scorecard, Source

PROMPTS, MODELS = ("plain", "steps", "role"), ("small", "large")
PRICES = {"small": 1.0, "large": 8.0}


def _card(policy: Policy, scores: NDArray[np.float64]) -> Scorecard:
    one = np.ones(len(scores))
    cost, names = PRICES[policy.source.model] * policy.n * one, tuple(map(str, range(len(scores))))
    return Scorecard(policy, names, scores, cost, 10 * cost, one, np.ones(len(scores), dtype=np.int64))


def _grid(chances: dict[tuple[str, str], float], examples: int = 200, seed: int = 0) -> list[Scorecard]:
    """Single samples of every model and prompt; questions are equally hard for all."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(0, 0.1, examples)
    return [
        _card(Policy(Source(p, m, 1.0), "single", 1), (rng.random(examples) < chances[m, p] + ease).astype(float))
        for m in MODELS[::-1]
        for p in PROMPTS
    ]


EQUAL = {(m, p): 0.5 for m in MODELS for p in PROMPTS}
MEET = EQUAL | {("small", "steps"): 0.8, ("large", "steps"): 0.3, ("large", "plain"): 0.6}


def _found(
    grid: list[Scorecard], cards: list[Scorecard] | None = None, families: dict[str, str] | None = None
) -> Tiers:
    found = find_tiers(grid, grid if cards is None else cards, families=families)
    assert isinstance(found, Tiers)
    return found


def test_a_prompt_that_helps_the_cheap_model_and_hurts_the_strong_one_is_found() -> None:
    """Both lifts with their signs, far apart, and a share of the meeting whose interval leaves 0 out."""
    found = _found(_grid(MEET))
    assert found.models == ("small", "large") and found.costs == (1.0, 8.0) and found.families == PROMPTS
    lift = found.lifts[0]
    assert lift.family == "steps" and lift.cheap.low > 0.1 and lift.strong.high < -0.1 and lift.apart.low > 0.3
    assert not isinstance(found.interaction, Absent) and found.interaction.real and found.interaction.share > 0.5
    assert found.scores[0][1].low < 0.8 < found.scores[0][1].high and found.tactic == "single, n = 1"


def test_models_want_different_prompts_where_the_order_turns_round() -> None:
    """A planted turn is opposed; a gain that only differs in size stands and is not opposed."""
    assert [lift.family for lift in _found(_grid(MEET)).opposed] == ["steps"]
    sized = _found(_grid(EQUAL | {("small", "steps"): 0.85, ("large", "steps"): 0.55}))
    assert [lift.family for lift in sized.uneven] == ["steps"] and not sized.opposed


def test_equal_prompts_on_equal_models_are_seldom_said_to_differ() -> None:
    """Over 60 studies without any difference, a lift stands in at most 5%, less 3 standard errors; none is opposed."""
    found = [_found(_grid(EQUAL, 40, seed), []) for seed in range(60)]
    assert np.mean([bool(one.uneven) for one in found]) <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert not any(one.opposed for one in found)


def test_where_nothing_meets_no_meeting_is_reported() -> None:
    """Over 60 studies of equal prompts and models, the interaction is seldom called real."""
    wrong = []
    for seed in range(60):
        found = _found([card for card in _grid(EQUAL, 40, seed) if card.policy.source.prompt != "role"], [])
        wrong.append(not isinstance(found.interaction, Absent) and found.interaction.real)
    assert np.mean(wrong) <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5


def test_prompts_of_a_family_are_pooled() -> None:
    """Two prompts of one family are one column: their mean."""
    grid = _grid(MEET)
    found = _found(grid, families={"steps": "reasoning", "role": "reasoning"})
    assert found.families == ("plain", "reasoning") and len(found.lifts) == 1
    pooled = np.mean([card.scores.mean() for card in grid if card.policy.source.prompt != "plain"][2:])
    assert found.scores[0][1].mean == pytest.approx(pooled)


def test_many_cheap_samples_meet_a_strong_one_at_no_higher_cost() -> None:
    """Of the cheap model's policies the best that costs at most 8 is taken, though a dearer one is better."""
    grid = _grid(EQUAL, 300)
    rng = np.random.default_rng(9)
    many = [
        _card(Policy(Source("plain", "small", 1.0), "majority", n), (rng.random(300) < chance).astype(float))
        for n, chance in ((4, 0.6), (8, 0.8), (16, 0.99))
    ]
    (duel,) = _found(grid, [*grid, *many]).duels
    assert duel.cheap.n == 8 and duel.strong.n == 1 and (duel.cheap_cost, duel.strong_cost) == (8.0, 8.0)
    assert duel.difference.low < 0.3 < duel.difference.high and duel.difference.settled


def test_duels_are_not_flattered_by_the_many_that_enter_them() -> None:
    """Twelve equal cheap policies against three equal strong ones: the interval holds 0 in 95% of 80 studies."""
    held = []
    for seed in range(80):
        grid, rng = _grid(EQUAL, 60, seed), np.random.default_rng(1000 + seed)
        policies = [Policy(Source(f"p{i}", "small", 1.0), "majority", 2) for i in range(12)]
        many = [_card(policy, (rng.random(60) < 0.5).astype(float)) for policy in policies]
        plain = [card for card in grid if card.policy.source.prompt == "plain"]  # no lifts to work out
        (duel,) = _found(plain, [*grid[:3], *many]).duels
        held.append(duel.difference.low <= 0 <= duel.difference.high)
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / 80) ** 0.5


def test_where_nothing_is_as_cheap_there_is_no_duel() -> None:
    """A cheap model whose only policy costs more than a strong sample does not enter."""
    grid = _grid(EQUAL, 30)
    dear = [_card(Policy(Source("plain", "small", 1.0), "majority", 16), np.ones(30))]
    assert _found(grid, [*grid[:3], *dear]).duels == ()
    assert _found(grid, []).duels == ()


def test_without_prices_tokens_are_counted() -> None:
    """The cheaper model is the one with fewer tokens."""
    free = [replace(card, cost_usd=0 * card.cost_usd) for card in _grid(EQUAL, 20)]
    found = _found(free)
    assert found.unit == "tokens" and found.costs == (10.0, 80.0)


def test_one_prompt_has_no_meeting_but_duels() -> None:
    """The reason stands in the share's place."""
    grid = [card for card in _grid(EQUAL, 20) if card.policy.source.prompt == "plain"]
    found = _found(grid)
    assert found.interaction == Absent("there is but one prompt") and found.lifts == () and len(found.duels) == 1
    assert found.saturation == Absent("no vote was searched")


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_right_and_all_wrong_leave_nothing_to_share(score: float) -> None:
    """The table is there, the share is not, and says why."""
    found = _found([replace(card, scores=np.full(20, score)) for card in _grid(EQUAL, 20)])
    assert isinstance(found.interaction, Absent) and "scores the same" in found.interaction.reason
    assert all(not lift.apart.settled for lift in found.lifts)


def test_where_tiers_cannot_be_compared_a_reason_is_given() -> None:
    """No table, one model, one example, holes."""
    grid = _grid(EQUAL, 20)
    assert find_tiers([], grid) == Absent("not every prompt was sampled on every model")
    assert find_tiers(grid[:3], grid) == Absent("there is but one model")
    one = [card.first(1) for card in grid]
    assert find_tiers(one, one) == Absent("1 example cannot tell models apart")
    holed = [replace(card, scores=np.full(20, np.nan)) for card in grid]
    assert find_tiers(holed, holed) == Absent("some scores are missing")
