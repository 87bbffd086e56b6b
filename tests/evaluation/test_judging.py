"""From samples to scorecards: reading, estimating, harvesting, racing."""

import numpy as np
import pytest

from jointopt.domain import (
    BLOCK,
    Example,
    Model,
    Policy,
    Preference,
    Price,
    Prompt,
    Sample,
    Scorecard,
    Source,
    Space,
    Tactic,
)
from jointopt.evaluation import Estimate, Readings, harvest, read
from jointopt.evaluation.race import still_in_race
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Playbook

FOLDS = {Tactic("single", 3): Tactic("single", 1), Tactic("majority", 1): Tactic("single", 1)}
SPACE = Space(
    {"p": Prompt("p", "{question}")},
    {"m": Model("m", "echo/one")},
    {"single": {}, "majority": {}},
    (1, 3),
    (1.0,),
    folds=FOLDS,
)
SOURCE = Source("p", "m", 1.0)
EXAMPLES = [Example(str(i), {"question": str(i)}, "yes") for i in range(BLOCK + 4)]


def _samples(*texts: str) -> list[Sample]:
    return [Sample(r, text, input_tokens=10 * (r == 0), output_tokens=4, latency_s=2.0) for r, text in enumerate(texts)]


def test_a_reading_keeps_votes_and_truth_apart() -> None:
    """Votes hold answers only; a failed sample is no answer and scores nothing."""
    failed = Sample(2, "", finish="error", error="gone")
    reading = read([*_samples("yes", "no"), failed], Rubric.of(Exact()), "yes")
    assert [vote.answer for vote in reading.votes] == ["yes", "no", None]
    assert reading.gold.tolist() == [1.0, 0.0, 0.0]
    assert len(reading.first(2)) == 2


def test_a_scorecard_bills_the_prompt_once() -> None:
    """Three samples in one request: 10 tokens in, 12 out, at the price of each."""
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    readings.add(readings.request(SOURCE, EXAMPLES[0]).key, _samples("yes", "yes", "no"))
    estimate = Estimate(readings, Playbook(), {"m": Price(1.0, 2.0)})
    card = estimate.card(Policy(SOURCE, "majority", 3), EXAMPLES[:1])
    assert card is not None and card.score == 1.0
    assert estimate.card(Policy(SOURCE, "majority", 4), EXAMPLES[:1]) is None
    assert card.tokens.tolist() == [22.0]
    assert card.cost_usd.tolist() == pytest.approx([34e-6])
    assert card.utility(Preference(tokens=0.5, latency_s=0.1)) == pytest.approx(1 - 0.011 - 0.2)


def test_the_harvest_scores_whole_covered_blocks() -> None:
    """A full first block and half of the second: only the first counts, for every n that it covers."""
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    estimate = Estimate(readings, Playbook(), {"m": Price()})
    for example in EXAMPLES[: BLOCK + 2]:
        readings.add(readings.request(SOURCE, example).key, _samples("yes", "no"))
    cards = harvest(SPACE.policies(), EXAMPLES, estimate)
    assert {(card.policy.strategy, card.policy.n, len(card.examples)) for card in cards} == {("single", 1, BLOCK)}
    for example in EXAMPLES:
        readings.add(readings.request(SOURCE, example).key, [*_samples("yes", "no"), Sample(2, "no")])
    cards = harvest(SPACE.policies(), EXAMPLES, estimate)
    assert {(card.policy.n, len(card.examples), round(card.score, 6)) for card in cards} == {
        (1, len(EXAMPLES), round(1 / 3, 6)),
        (3, len(EXAMPLES), 0.0),
    }
    assert readings.unreadable_share(EXAMPLES) == 0.0


def _card(scores: list[float], n: int) -> Scorecard:
    zeros = np.zeros(len(scores))
    policy = Policy(SOURCE, "majority", n)
    ids = tuple(map(str, range(len(scores))))
    return Scorecard(policy, ids, np.array(scores), zeros, zeros, zeros, np.ones(len(scores), dtype=np.int64))


def test_a_policy_is_dropped_when_it_is_worse_on_the_same_examples() -> None:
    """Steadily worse is out; worse by luck on one example stays; the first one always stays."""
    leader = _card([1.0, 0.9, 1.0, 0.9] * 4, 3)
    assert not still_in_race(_card([0.2, 0.1, 0.3, 0.2] * 4, 2), leader, Preference())
    assert still_in_race(
        _card([1.0, 0.9, 1.0, 0.8] * 4, 2), _card([1.0, 0.9, 1.0, 0.9] * 3 + [1, 0, 1, 1], 3), Preference()
    )
    assert still_in_race(leader, None, Preference())
