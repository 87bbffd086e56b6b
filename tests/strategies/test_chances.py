"""Closed forms against brute force over every subset, for each strategy."""

from collections import Counter, defaultdict
from itertools import combinations
from math import comb
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draw

from jointopt.domain import Vote
from jointopt.strategies import STRATEGIES, replay
from jointopt.strategies.majority import win_chances

POOLS = draw.lists(
    draw.builds(Vote, draw.sampled_from(["a", "b", "c", None]), draw.sampled_from([-0.1, -0.5, -0.5, -2.0])),
    min_size=1,
    max_size=9,
)


def _returned(strategy: str, votes: tuple[Vote, ...]) -> dict[str | None, float]:
    """How likely each answer is when exactly these votes are drawn, by the strategy's definition."""
    if strategy == "single":
        return {vote.answer: count / len(votes) for vote, count in Counter(votes).items()} if len(votes) == 1 else {}
    if strategy == "majority":
        counts = Counter(vote.answer for vote in votes)
        tops = [answer for answer, count in counts.items() if count == max(counts.values())]
        return {answer: 1 / len(tops) for answer in tops}
    best = [vote.answer for vote in votes if vote.logprob == max(other.logprob for other in votes)]
    return {answer: count / len(best) for answer, count in Counter(best).items()}


@given(votes=POOLS, data=draw.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.parametrize("strategy", ["majority", "best_of"])
def test_chances_equal_the_average_over_all_subsets(strategy: str, votes: list[Vote], data: draw.DataObject) -> None:
    """For every K up to 9 and every n, the closed form is the mean over all C(K, n) draws, to 1e-9."""
    n = data.draw(draw.integers(1, len(votes)))
    found: dict[str | None, float] = defaultdict(float)
    for vote, chance in zip(votes, STRATEGIES[strategy].chances(votes, n), strict=True):
        found[vote.answer] += chance
    brute: dict[str | None, float] = defaultdict(float)
    for subset in combinations(votes, n):
        for answer, share in _returned(strategy, subset).items():
            brute[answer] += share / comb(len(votes), n)
    assert set(found) >= set(brute)
    assert all(abs(found[answer] - brute[answer]) < 1e-9 for answer in found)


@given(votes=POOLS)
def test_a_single_sample_is_the_mean_of_the_pool(votes: list[Vote]) -> None:
    """Every vote is equally likely, whatever n is asked."""
    assert STRATEGIES["single"].chances(votes, 5) == pytest.approx(np.full(len(votes), 1 / len(votes)))


@pytest.mark.parametrize(("shares", "expected"), [((0.4, 0.9), 0.63284), ((0.62, 0.62), 0.77378)])
def test_majority_of_ten_flips_the_ranking_of_two_prompts(shares: tuple[float, float], expected: float) -> None:
    """The paper's case: alone .65 beats .62, in a vote of ten .63284 loses to .77378 (ties shared).

    A pool of 100,000 stands for the distribution itself; drawing without replacement then differs by less than 1e-5.
    """
    pool = 100_000
    scores = []
    for share in shares:
        right = round(share * pool)
        counts = (max(right, pool - right), min(right, pool - right))
        wins = win_chances(counts, 10)
        scores.append(wins[0] if right >= pool - right else wins[1])
    assert sum(scores) / 2 == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_the_generator_plays_what_the_closed_form_says(strategy: str) -> None:
    """Replays over random orders of one pool agree with the closed form within four standard errors."""
    rng = Random(5)
    votes = [Vote(rng.choice("abc"), rng.choice([-0.1, -0.4, -1.0])) for _ in range(8)]
    n, plays = 4, 6000
    expected: dict[str | None, float] = defaultdict(float)
    for vote, chance in zip(votes, STRATEGIES[strategy].chances(votes, n), strict=True):
        expected[vote.answer] += chance
    seen = Counter(replay(STRATEGIES[strategy], rng.sample(votes, len(votes)), n, rng) for _ in range(plays))
    for answer, chance in expected.items():
        error = (chance * (1 - chance) / plays) ** 0.5
        assert abs(seen[answer] / plays - chance) <= 4 * error + 1e-9


def test_a_strategy_that_asks_for_too_much_is_told() -> None:
    """Replay has no more votes than the pool."""
    with pytest.raises(ValueError, match="asks for 3 votes and 2 are left"):
        replay(STRATEGIES["majority"], [Vote("a"), Vote("b")], 3, Random(0))


def test_large_pools_of_unlike_answers_are_still_exact() -> None:
    """32 different answers: each wins one time in 32."""
    assert win_chances((1,) * 32, 16) == pytest.approx([1 / 32] * 32, abs=1e-12)
