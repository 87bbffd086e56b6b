"""The nouns keep their promises."""

import numpy as np
import pytest

from jointopt.domain import Budget, Example, Message, Model, Policy, Prompt, Request, Source, Space, Spend
from jointopt.domain.scorecard import interval

MODEL = Model("m", "embedded/nano")
SPACE = Space(
    {"plain": Prompt("plain", "{question}"), "kind": Prompt("kind", "{tone} {question}", system="be {mood}")},
    {"m": MODEL},
    ("single", "majority"),
    (1, 2),
    (1.0,),
    {"tone": {"bare": "", "polite": "please, {question}?"}},
)


def test_a_prompt_fills_each_place_once() -> None:
    """A value that holds braces is not read again, and unknown braces stay."""
    prompt = Prompt("p", "{question} {unknown} {}", system="{question}")
    assert prompt.render({"question": "{answer}", "answer": "no"}) == (
        Message("system", "{answer}"),
        Message("user", "{answer} {unknown} {}"),
    )


def test_equal_policies_are_one() -> None:
    """A single sample is the same at any n, and a vote of one is a single sample."""
    source = Source("plain", "m", 1.0)
    assert Policy(source, "single", 8).canonical() == Policy(source, "majority", 1).canonical()
    assert Policy(source, "majority", 2).canonical() == Policy(source, "majority", 2)
    assert len(SPACE.policies()) == 2 * 2 * 2


def test_a_policy_survives_json() -> None:
    """Its JSON is its identity."""
    policy = Policy(Source("plain", "m", 0.7, (("tone", "polite"),)), "majority", 4)
    assert Policy.from_json(policy.to_json()) == policy


def test_slots_may_show_fields() -> None:
    """An option is put into the prompt before the example is."""
    source = Source("kind", "m", 1.0, (("tone", "polite"),))
    request = SPACE.request(source, Example("1", {"question": "why"}, "x"), seed=1, logprobs=False)
    assert request.messages == (Message("system", "be {mood}"), Message("user", "please, why? why"))


def test_a_request_is_known_by_all_that_is_sent() -> None:
    """Another temperature, seed or server is another request; another price is not."""
    chat = (Message("user", "hello"),)
    base = Request(MODEL, chat, 1.0)
    others = [Request(MODEL, chat, 0.5), Request(MODEL, chat, 1.0, seed=1), Request(MODEL, chat, 1.0, logprobs=True)]
    others.append(Request(Model("m", "embedded/nano", base_url="http://127.0.0.1:1"), chat, 1.0))
    assert len({base.key, *(other.key for other in others)}) == 5
    assert Request(Model("other", "embedded/nano", key_env="KEY"), chat, 1.0).key == base.key


def test_a_broken_character_does_not_stop_a_request() -> None:
    """Lone surrogates come from real data files."""
    assert len(Request(MODEL, (Message("user", "\ud800"),), 1.0).key) == 64


@pytest.mark.parametrize(
    ("spend", "holds"), [(Spend(10, 5, 0.1), True), (Spend(11, 5, 0.1), False), (Spend(1, 1, 0.2), False)]
)
def test_a_budget_holds_up_to_its_limits(spend: Spend, holds: bool) -> None:
    """The limit itself is within the promise; tokens are not limited here."""
    assert Budget(calls=10, usd=0.1).holds(spend) is holds


@pytest.mark.parametrize(
    ("scores", "low", "high"),
    [([1.0, 1.0], 0.342, 1.0), ([0.0] * 10, 0.0, 0.278), ([1.0, 0.0] * 20, 0.349, 0.651), ([0.5] * 4, 0.15, 0.85)],
)
def test_an_interval_is_never_surer_than_its_questions(scores: list[float], low: float, high: float) -> None:
    """All right, all wrong, half and half, and answers that are never certain."""
    found = interval(np.array(scores))
    assert found[0] <= np.mean(scores) <= found[1]
    assert found == pytest.approx((low, high), abs=0.06)


def test_the_interval_covers_its_promise() -> None:
    """On 400 simulated tasks of 40 questions whose true scores are a Beta mixture, 95% intervals hold the truth."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        truth = rng.beta(0.8, 0.4, size=40)
        low, high = interval(rng.binomial(8, truth) / 8)
        held += low <= 0.8 / 1.2 <= high
    assert held >= 0.93 * 400
