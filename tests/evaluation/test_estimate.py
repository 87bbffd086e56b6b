"""A scorecard's cost is the bill that a vendor would write for the samples it rests on."""

import pytest

from jointopt.domain import Example, Model, Policy, Price, Prompt, Sample, Source, Space
from jointopt.evaluation import Estimate, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Playbook

PRICE = Price(1.0, 4.0, 0.25, 10.0, 0.001)
SOURCE, EXAMPLE = Source("p", "m", 1.0), Example("0", {"question": "0"}, "yes")
SPACE = Space(
    {"p": Prompt("p", "{question}")},
    {"m": Model("m", "echo/one")},
    {"single": {}, "majority": {}, "early_stop": {"window": (2,)}},
    (1, 2, 4),
    (1.0,),
)
SAMPLES = [
    Sample(place, said, input_tokens=100 * (place in (0, 2)), cached_tokens=60 * (place == 2), output_tokens=out,
           reasoning_tokens=thought, latency_s=1.0)
    for place, (said, out, thought) in enumerate([("yes", 9, 3), ("yes", 20, 12), ("yes", 5, 0), ("yes", 40, 31)])
]  # fmt: skip


def _cost(strategy: str, n: int, **options: int) -> float:
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    readings.add(readings.request(SOURCE, EXAMPLE).key, SAMPLES)
    estimate = Estimate(readings, Playbook(), {"m": PRICE})
    card = estimate.card(Policy(SOURCE, strategy, n, tuple(options.items())), [EXAMPLE])
    assert card is not None
    return float(card.cost_usd[0])


def _bill(samples: float, prompts: int) -> float:
    """By hand: so many samples of average length, a fresh prompt, and further ones of which 60 tokens were cached."""
    out = sum(sample.output_tokens for sample in SAMPLES) / 4
    thought = sum(sample.reasoning_tokens for sample in SAMPLES) / 4
    tokens = 100 * 1.0 + (prompts - 1) * (40 * 1.0 + 60 * 0.25) + samples * ((out - thought) * 4.0 + thought * 10.0)
    return tokens / 1e6 + prompts * 0.001


def test_a_single_sample_pays_one_request_and_its_thoughts() -> None:
    """On average over all that are there."""
    assert _cost("single", 1) == pytest.approx(_bill(1, 1))


def test_a_vote_pays_one_request_for_all_samples() -> None:
    """The fee comes once, the thoughts of each."""
    assert _cost("majority", 4) == pytest.approx(_bill(4, 1))


def test_a_vote_in_windows_pays_the_fee_for_each() -> None:
    """Where all agree, the first window of two is enough; a second one would be another request."""
    assert _cost("early_stop", 4, window=2) == pytest.approx(_bill(2, 1))


def test_one_by_one_is_a_request_for_each() -> None:
    """Where nothing is ever enough, every window is asked and paid: with its prompt, of which a part was cached."""
    disagreeing = [("yes", "no")[place % 2] for place in range(4)]
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    mixed = [Sample(s.replicate, text, input_tokens=s.input_tokens, cached_tokens=s.cached_tokens,
                    output_tokens=s.output_tokens, reasoning_tokens=s.reasoning_tokens)
             for s, text in zip(SAMPLES, disagreeing, strict=True)]  # fmt: skip
    readings.add(readings.request(SOURCE, EXAMPLE).key, mixed)
    estimate = Estimate(readings, Playbook(), {"m": PRICE})
    card = estimate.card(Policy(SOURCE, "early_stop", 4, (("window", 3),)), [EXAMPLE])
    assert card is not None  # three of four never agree, so that the fourth is asked in a second request
    assert float(card.cost_usd[0]) == pytest.approx(_bill(4, 2))
