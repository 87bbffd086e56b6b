"""Closed forms against brute force over every subset, for each strategy that has one."""

from collections import Counter, defaultdict
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draw

from jointopt.domain import Vote
from jointopt.strategies import Ballots, Playbook
from jointopt.strategies.majority import win_chances

POOLS = draw.lists(
    draw.builds(
        Vote,
        draw.sampled_from(["a", "b", "c", None]),
        rating=draw.sampled_from([0.1, 0.5, 0.5, 0.9, float("-inf")]),
    ),
    min_size=1,
    max_size=9,
)


def _returned(strategy: str, votes: tuple[Vote, ...]) -> dict[str | None, float]:
    """How likely each answer is when exactly these votes are drawn, by the strategy's definition."""
    if strategy == "single":
        return {answer: count / len(votes) for answer, count in Counter(vote.answer for vote in votes).items()}
    if strategy in ("majority", "refine"):
        counts = Counter(vote.answer for vote in votes)
        tops = [answer for answer, count in counts.items() if count == max(counts.values())]
        return {answer: 1 / len(tops) for answer in tops}
    best = [vote.answer for vote in votes if vote.rating == max(other.rating for other in votes)]
    return {answer: count / len(best) for answer, count in Counter(best).items()}


@given(votes=POOLS, data=draw.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.parametrize("strategy", ["single", "majority", "best_of", "refine"])
def test_chances_equal_the_average_over_all_subsets(strategy: str, votes: list[Vote], data: draw.DataObject) -> None:
    """For every K up to 9 and any two n, the closed form is the mean over all C(K, n) draws, to 1e-9."""
    ns = data.draw(draw.lists(draw.integers(1, len(votes)), min_size=1, max_size=2))
    chances = Playbook().build(strategy).chances(Ballots.of([votes]), ns)
    assert chances is not None and chances.shape == (1, len(ns), len(votes))
    for n, row in zip(ns, chances[0], strict=True):
        found: dict[str | None, float] = defaultdict(float)
        brute: dict[str | None, float] = defaultdict(float)
        for vote, chance in zip(votes, row, strict=True):
            found[vote.answer] += chance
        for subset in combinations(votes, n):
            for answer, share in _returned(strategy, subset).items():
                brute[answer] += share / comb(len(votes), n)
        assert all(abs(found[answer] - brute[answer]) < 1e-9 for answer in found | brute)


def test_pools_are_worked_on_together_as_they_are_alone() -> None:
    """Many pools of different answers in one pass give what each gives by itself, whatever the order of answers."""
    rng = np.random.default_rng(1)
    counts = rng.multinomial(12, rng.dirichlet(np.ones(5), size=40))
    together = win_chances(counts, [1, 4, 7, 12])
    for row, chances in zip(counts, together, strict=True):
        turned = rng.permutation(5)
        alone = win_chances(row[None, turned], [12, 7, 4, 1])[0, ::-1]  # not what is remembered from before
        assert chances[:, turned] == pytest.approx(alone, abs=1e-12)
        assert chances.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


def test_what_is_remembered_of_pools_is_the_same_for_the_same_votes_alone() -> None:
    """Asked again among others, in another order and with another number of votes, each pool has its own chances."""
    counts = np.array([[5, 3, 0], [3, 0, 5], [4, 3, 1], [8, 0, 0]])
    first = win_chances(counts[:2], [3])
    assert win_chances(counts[[2, 1, 3, 0]], [3])[[3, 1]] == pytest.approx(first, abs=1e-15)
    assert first[0, 0, 0] == pytest.approx(first[1, 0, 2]) == pytest.approx((10 * 1 + 10 * 3) / 56)
    assert win_chances(counts, [1, 3])[:, 0] == pytest.approx(counts / 8)


def test_majority_of_ten_flips_the_ranking_of_two_prompts() -> None:
    """The paper's case: prompt 1 is right with 40% and 90% on two questions, prompt 2 with 62% on both. Alone .65 beats
    .62, in a vote of ten .63284 loses to .77378 (ties shared).

    A pool of 100,000 stands for the distribution itself; drawing without replacement then differs by less than 1e-5.
    """
    right = np.array([40_000, 90_000, 62_000, 62_000])
    chances = win_chances(np.stack([right, 100_000 - right], axis=1), [1, 10])[..., 0]
    assert chances[:2].mean(axis=0) == pytest.approx([0.65, 0.63284], abs=1e-5)
    assert chances[2:].mean(axis=0) == pytest.approx([0.62, 0.77378], abs=1e-5)


def test_large_pools_of_unlike_answers_are_still_exact() -> None:
    """32 different answers: each wins one time in 32, in a vote of any number."""
    assert win_chances(np.ones((1, 32), dtype=np.int64), [1, 16, 32]) == pytest.approx(np.full((1, 3, 32), 1 / 32))


def test_a_thousand_votes_stay_within_a_floats_range() -> None:
    """Half of a pool of 1,000 drawn: chances are finite, sum to one, and the most frequent answer leads."""
    (chances,) = win_chances(np.array([[420, 400, 100, 80]]), [500])[:, 0]
    assert np.isfinite(chances).all() and chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert chances[0] > chances[1] > 0.02 > chances[2]
