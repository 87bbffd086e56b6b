"""What is known of a recorded pool of a real 70B model, found again. Skipped where the pool is not at hand."""

import numpy as np
import pytest

from jointopt.evaluation import expect
from jointopt.strategies import Playbook, Windows
from jointopt.strategies.majority import win_chances
from tests.recorded import SAMPLES, Recorded, read_recorded

PROMPT = 4  # third or so alone, the best in a vote of 32


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    """The pool."""
    found = read_recorded()
    if found is None:
        pytest.skip("no recorded answers: set JOINTOPT_BENCH_DATA")
    return found


def _score(recorded: Recorded, strategy: str, n: int, **options: float) -> tuple[float, float]:
    """Mean score and mean samples of a strategy under the prompt, on samples drawn from the recorded shares."""
    plan = Playbook().build(strategy, tuple(sorted(options.items())))
    assert isinstance(plan, Windows)
    ballots, stakes = recorded.drawn(PROMPT, n, 16)
    expected = expect(plan, ballots, stakes, [n])
    return float(expected.returned[:, 0, 0].mean()), float(expected.samples.mean())


def test_a_vote_of_32_turns_the_ranking_of_prompts(recorded: Recorded) -> None:
    """Prompt 1 is better alone (.775 to .764), prompt 4 in a vote of 32: .851 where answers are drawn from the recorded
    shares, .852 where 32 of the 128 are drawn.
    """
    chances = win_chances(recorded.counts[[1, PROMPT]].reshape(-1, 5), [1, 32])
    right = np.tile(recorded.right, 2)
    scores = chances[np.arange(len(right)), :, right].reshape(2, -1, 2).mean(axis=1)
    assert scores[:, 0] == pytest.approx([0.7747, 0.7639], abs=1e-4)
    assert scores[:, 1] == pytest.approx([0.8263, 0.8520], abs=1e-4)
    shares = win_chances(recorded.counts[PROMPT] * 10_000, [32])[np.arange(316), 0, recorded.right]
    assert shares.mean() == pytest.approx(0.851, abs=5e-4)


def test_stopping_early_keeps_the_score_for_a_third_of_the_samples(recorded: Recorded) -> None:
    """Within .002 of the fixed vote of 32: Adaptive-Consistency .95 with 9.5 samples at most, and 10 in windows of
    four; ESC with 13; and a prior that is worth a vote saves one more.
    """
    fixed, _ = _score(recorded, "majority", 32)
    found = [
        (_score(recorded, "adaptive_consistency", 32, threshold=0.95, window=1), 9.5),
        (_score(recorded, "adaptive_consistency", 32, threshold=0.95, window=4), 10.0),
        (_score(recorded, "early_stop", 32, window=5), 13.0),
        (_score(recorded, "bayesian", 32, threshold=0.95, prior=1.0, window=1), 8.25),
    ]
    for (score, samples), most in found:
        assert score == pytest.approx(fixed, abs=0.002)
        assert samples <= most


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_the_exact_vote_varies_less_than_disjoint_blocks(recorded: Recorded, n: int) -> None:
    """The variance of the estimate from K = 32 samples, each a fresh draw: at least 1.3 times that of the exact one
    where votes are cut into blocks of n (a single block of 32 is the same; so are blocks of one or two).
    """
    rng, kept, draws = np.random.default_rng(0), recorded.counts[PROMPT], 400
    unsure = np.flatnonzero((kept.max(axis=1) < 0.95 * SAMPLES) & (kept[np.arange(316), recorded.right] > 0))[:60]
    exact, blocks = [], []
    for question in unsure:
        pool = np.repeat(np.arange(5), kept[question])
        drawn = np.array([rng.permutation(pool)[:32] for _ in range(draws)])
        right = int(recorded.right[question])
        counts = (drawn[:, :, None] == np.arange(5)).sum(axis=1)
        exact.append(win_chances(counts, [n])[:, 0, right])
        in_block = (drawn.reshape(draws, 32 // n, n)[..., None] == np.arange(5)).sum(axis=2)
        tied = in_block == in_block.max(axis=2, keepdims=True)
        blocks.append((tied[..., right] / tied.sum(axis=2)).mean(axis=1))
    ratio = np.var(blocks, axis=1).mean() / np.var(exact, axis=1).mean()
    assert np.mean(exact) == pytest.approx(np.mean(blocks), abs=0.01)
    assert ratio >= (1.3 if n > 2 else 1 - 1e-9), ratio
