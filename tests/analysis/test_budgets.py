"""Where the best policy changes, and what it is worth on examples that did not choose it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Absent, Budgets, find_budgets, find_frontier
from jointopt.domain import Policy, Scorecard, Source


def _cards(scores: NDArray[np.float64], costs: list[float]) -> list[Scorecard]:
    """One policy for each row of scores."""
    count = scores.shape[1]
    one, names = np.ones(count), tuple(map(str, range(count)))
    return [
        Scorecard(Policy(Source(f"p{place}", "m", 1.0), "single", 1), names, row, cost * one, 100 * cost * one, one,
                  np.ones(count, dtype=np.int64))
        for place, (row, cost) in enumerate(zip(scores, costs, strict=True))
    ]  # fmt: skip


def _drawn(chances: list[float], examples: int, seed: int) -> NDArray[np.float64]:
    return (np.random.default_rng(seed).random((len(chances), examples)) < np.array(chances)[:, None]).astype(float)


def _found(cards: list[Scorecard], draws: int = 400) -> Budgets:
    found = find_budgets(cards, draws=draws)
    assert isinstance(found, Budgets)
    return found


def test_rungs_are_the_frontiers_steps() -> None:
    """Same policies, same costs, same flattered scores; one change between any two."""
    cards = _cards(_drawn([0.3, 0.5, 0.45, 0.7], 100, 0), [1, 2, 3, 4])
    found, frontier = _found(cards), find_frontier(cards)
    assert frontier is not None
    assert [rung.policy for rung in found.rungs] == [stop.policy for stop in frontier.steps]
    assert [rung.budget for rung in found.rungs] == [frontier.cost(stop) for stop in frontier.steps]
    assert [rung.score.mean for rung in found.rungs] == [stop.score for stop in frontier.steps]
    assert len(found.crossovers) == len(found.rungs) - 1
    assert found.crossovers[0].budget.mean == found.rungs[1].budget


def test_a_sure_change_has_a_sure_budget() -> None:
    """Where the dearer one is far better, the change lies at its cost in every resample."""
    found = _found(_cards(_drawn([0.2, 0.8], 200, 0), [1, 2]))
    (change,) = found.crossovers
    assert (change.budget.low, change.budget.mean, change.budget.high) == (2, 2, 2)
    assert change.probability == 1 and change.gain.settled and found.rungs[1].chance == 1


def test_a_change_that_may_be_luck_may_never_come() -> None:
    """A gain of one example in forty: in many resamples nothing beats the cheaper one, and the budget has no end."""
    scores = np.zeros((2, 40))
    scores[:, :20] = 1
    scores[1, 20] = 1
    (change,) = _found(_cards(scores, [1, 2])).crossovers
    assert change.budget.high == np.inf and 0.5 < change.probability < 0.8 and not change.gain.settled


def test_on_other_examples_the_best_of_equals_is_not_flattered() -> None:
    """30 equal policies at one cost: the top rung's own interval misses the truth often, the honest one seldom."""
    own, honest = [], []
    for seed in range(100):
        rung = _found(_cards(_drawn([0.5] * 30, 60, seed), [1.0 + place for place in range(30)]), draws=10).rungs[-1]
        own.append(rung.score.low <= 0.5 <= rung.score.high)
        honest.append(rung.honest.low <= 0.5 <= rung.honest.high)
    assert np.mean(own) < 0.7 and np.mean(honest) >= 0.95 - 3 * (0.95 * 0.05 / 100) ** 0.5


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.zeros((0, 4)), "no policy"),
        (np.ones((1, 4)), "one policy"),
        (np.ones((3, 1)), "1 example"),
        (np.full((3, 4), np.nan), "missing"),
    ],
)
def test_where_there_is_no_choice_a_reason_is_given(scores: NDArray[np.float64], reason: str) -> None:
    """No policy, one policy, one example, holes."""
    found = find_budgets(_cards(scores, [1.0, 2.0, 3.0][: len(scores)]))
    assert isinstance(found, Absent) and reason in found.reason


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_all_right_and_all_wrong_have_one_rung(score: float) -> None:
    """The cheapest is the best at every budget, and nothing changes."""
    found = _found(_cards(np.full((3, 20), score), [3, 1, 2]))
    assert [rung.policy.source.prompt for rung in found.rungs] == ["p1"] and found.crossovers == ()
    assert found.rungs[0].honest.mean == score and found.rungs[0].chance == 1
