"""Standard errors are clustered by example: a question that is asked many times is still one question."""

import numpy as np
import pytest

from jointopt.domain import Example, Model, Policy, Price, Prompt, Sample, Scorecard, Source, Space
from jointopt.domain.scorecard import Z95
from jointopt.evaluation import Estimate, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Playbook

SOURCE = Source("p", "m", 1.0)
SPACE = Space(
    {"p": Prompt("p", "{question}")}, {"m": Model("m", "echo/one")}, {"single": {}, "majority": {}}, (1, 3), (1.0,)
)
Q = 30


def _card(right: list[list[bool]], strategy: str = "single", n: int = 1) -> Scorecard:
    """The card of a policy on questions whose samples were right or wrong so, shape (Q, K)."""
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    examples = [Example(str(place), {"question": str(place)}, "yes") for place in range(len(right))]
    for example, row in zip(examples, right, strict=True):
        samples = [Sample(k, "yes" if one else "no") for k, one in enumerate(row)]
        readings.add(readings.request(SOURCE, example).key, samples)
    from_pool = Estimate(readings, Playbook(), {"m": Price()})
    card = from_pool.card(Policy(SOURCE, strategy, n), examples)
    assert card is not None
    return card


@pytest.mark.parametrize(("strategy", "n"), [("single", 1), ("majority", 3)])
def test_samples_that_agree_add_no_certainty(strategy: str, n: int) -> None:
    """A question that is always right, or never, is told by four samples as by 64: no interval shrinks."""
    few, many = (_card([[place % 2 == 0] * samples for place in range(Q)], strategy, n) for samples in (4, 64))
    assert [few.standard_error, many.standard_error] == pytest.approx([0.5 / (Q - 1) ** 0.5] * 2)
    assert few.interval == pytest.approx(many.interval)


def test_intervals_hold_where_samples_of_a_question_are_alike() -> None:
    """Over studies of 30 questions, easy or hard, 16 samples each; as if all 480 were apart, half would miss."""
    rng, held, naive = np.random.default_rng(1), 0, 0
    for _ in range(200):
        card = _card((rng.random((Q, 16)) < rng.beta(0.4, 0.4, size=(Q, 1))).tolist())
        low, high = card.interval
        held += low <= 0.5 <= high
        naive += abs(card.score - 0.5) <= Z95 * (card.score * (1 - card.score) / (Q * 16)) ** 0.5
    assert held >= 0.92 * 200
    assert naive <= 0.6 * 200
