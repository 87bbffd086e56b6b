"""Samples and a policy become a scorecard: exact, unbiased, and without a single new call for any n up to K.

Pure. The strategy says how likely each recorded vote is to be returned; its dot product with the grades is the
expected score (pass@k: Chen et al. 2107.03374; max@k: Walder & Karkhanis 2505.15201; majority: `majority.win_chances`).
"""

from collections.abc import Sequence

import numpy as np

from jointopt.domain import Example, Policy, Price, Scorecard
from jointopt.evaluation.readings import Reading
from jointopt.strategies import STRATEGIES


def expected_score(reading: Reading, strategy: str, n: int) -> float:
    """The expected score (0 to 1) of a strategy with n of the reading's K samples, n <= K. Kept with the reading."""
    if (strategy, n) not in reading.scores:
        reading.scores[strategy, n] = float(STRATEGIES[strategy].chances(reading.votes, n) @ reading.gold)
    return reading.scores[strategy, n]


def estimate(policy: Policy, examples: Sequence[Example], readings: Sequence[Reading], price: Price) -> Scorecard:
    """The scorecard of a policy on Q examples.

    Args:
        policy: whose n is at most the number of samples in each reading.
        examples: Q of them.
        readings: of the policy's source, one for each example.
        price: of the policy's model. The prompt is billed once per answer: its n samples are one request.
    """
    scores = [expected_score(reading, policy.strategy, policy.n) for reading in readings]
    inputs = np.array([reading.input_tokens for reading in readings], dtype=np.float64)
    outputs = policy.n * np.array([reading.output_tokens.mean() for reading in readings])
    return Scorecard(
        policy=policy,
        examples=tuple(example.id for example in examples),
        scores=np.array(scores, dtype=np.float64),
        cost_usd=(inputs * price.input_usd + outputs * price.output_usd) / 1e6,
        tokens=inputs + outputs,
        latency_s=np.array([reading.latency_s.mean() for reading in readings], dtype=np.float64),
        samples=np.array([len(reading) for reading in readings], dtype=np.int64),
    )
