"""The nouns keep their promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jointopt.domain import (
    Budget,
    Example,
    Judge,
    Latency,
    Message,
    Mode,
    Model,
    Policy,
    Preference,
    Price,
    Prompt,
    Request,
    Scorecard,
    Source,
    Space,
    Spend,
    Tactic,
)
from jointopt.domain.scorecard import interval

MODEL = Model("m", "embedded/nano")
EXAMPLE = Example("1", {"question": "why"}, "x")
SINGLE = Tactic("single", 1)
SPACE = Space(
    {"plain": Prompt("plain", "{question}"), "kind": Prompt("kind", "{tone} {question}", system="be {mood}")},
    {"m": MODEL, "other": Model("other", "embedded/nano", extra={"effort": "low", "body": {"a": 1}})},
    {"single": {}, "majority": {}, "early_stop": {"window": (2, 4)}},
    (1, 2),
    (1.0,),
    {"tone": {"bare": "", "polite": "please, {question}?"}},
    {
        "fast": Mode("fast"),
        "think": Mode("think", "think", 99, {"effort": "high", "body": {"b": 2}}, {"m": Mode("think", "m thinks")}),
    },
    {
        Tactic("single", 2): SINGLE,
        Tactic("majority", 1): SINGLE,
        **{Tactic("early_stop", 1, (("window", window),)): SINGLE for window in (2, 4)},
        **{Tactic("early_stop", 2, (("window", window),)): Tactic("majority", 2) for window in (2, 4)},
    },
)


def test_a_prompt_fills_each_place_once() -> None:
    """A value that holds braces is not read again, and unknown braces stay."""
    prompt = Prompt("p", "{question} {unknown} {}", system="{question}")
    assert prompt.render({"question": "{answer}", "answer": "no"}) == (
        Message("system", "{answer}"),
        Message("user", "{answer} {unknown} {}"),
    )


def test_equal_policies_are_one() -> None:
    """A single sample is the same at any n, a vote of one is a single sample, a vote of one window a plain one."""
    source = Source("plain", "m", 1.0)
    assert SPACE.canonical(Policy(source, "single", 2)) == SPACE.canonical(Policy(source, "majority", 1))
    assert SPACE.canonical(Policy(source, "majority", 2)) == Policy(source, "majority", 2)
    assert [way.label for way in SPACE.ways()] == [
        "single",
        "majority",
        "early_stop(window=2)",
        "early_stop(window=4)",
    ]
    assert SPACE.tactics() == [SINGLE, Tactic("majority", 2)]
    assert len(SPACE.policies()) == len(set(SPACE.policies())) == 2 * 2 * 2 * 2 * 2


def test_a_mode_switches_what_is_sent() -> None:
    """A mode without settings changes nothing; one with a line, a limit and body fields changes just those; a model may
    have its own.
    """
    plain, think, own = (
        SPACE.request(Source("kind", model, 1.0, (("tone", "bare"),), mode), EXAMPLE, seed=1, logprobs=False)
        for model, mode in (("other", "fast"), ("other", "think"), ("m", "think"))
    )
    assert (plain.messages[0].content, plain.body["effort"], plain.body["max_tokens"]) == ("be {mood}", "low", 512)
    assert (think.messages[0].content, think.body["effort"]) == ("think\nbe {mood}", "high")
    assert (think.body["body"], think.body["max_tokens"]) == ({"a": 1, "b": 2}, 99)
    assert (own.messages[0].content, own.body["max_tokens"]) == ("m thinks\nbe {mood}", 512)
    assert len({request.key for request in (plain, think, own)}) == 3


def test_cached_tokens_have_their_price() -> None:
    """They are a part of the input; without a price of their own they cost what the rest does."""
    assert Price(2.0, 3.0).of(100, 10, 40) == pytest.approx(230e-6)
    assert Price(2.0, 3.0, 0.5).of(100, 10, 40) == pytest.approx((120 + 20 + 30) * 1e-6)


def test_reasoning_and_requests_have_their_price() -> None:
    """Reasoning is a part of the output; a request's fee is in dollars, not per million."""
    assert Price(2.0, 3.0).of(100, 10, 0, 4, requests=2) == pytest.approx(230e-6)
    assert Price(2.0, 3.0, None, 5.0, 0.25).of(100, 10, 0, 4, requests=2) == pytest.approx(238e-6 + 0.5)


USD = st.floats(0, 1e3)
COUNT = st.integers(0, 10**6)


@given(st.builds(Price, USD, USD, st.none() | USD, st.none() | USD, USD), COUNT, COUNT, st.data())
def test_the_worst_price_is_never_below_the_true_one(
    price: Price, prompt: int, output: int, data: st.DataObject
) -> None:
    """Whatever of at most so many tokens is cached or reasoning, and however few requests they take."""
    true_in, true_out = data.draw(st.integers(0, prompt)), data.draw(st.integers(0, output))
    cached, reasoning = data.draw(st.integers(0, true_in)), data.draw(st.integers(0, true_out))
    most, sent = data.draw(st.integers(1, 100)), data.draw(st.integers(0, 1))
    true = price.of(true_in, true_out, cached, reasoning, requests=most * sent)
    assert true <= price.most(prompt, output, requests=most) * (1 + 1e-12)


def test_a_latency_takes_the_place_of_what_was_measured() -> None:
    """As many times as long, or always as long."""
    assert (Latency().of(3.0), Latency(times=2.0).of(3.0), Latency(seconds=1.5).of(3.0)) == (3.0, 6.0, 1.5)


def test_a_judge_is_shown_the_question_and_the_answer() -> None:
    """And what stands in an answer is not read as a place."""
    judge = Judge("j", MODEL, Prompt("j", "{question} {answer}"))
    assert judge.request({"question": "why"}, "{question}", seed=3).messages == (Message("user", "why {question}"),)


def test_objectives_add_to_the_utility() -> None:
    """Each with its weight; the standard error is that of the score, over examples."""
    zeros, scores = np.zeros(4), np.array([1.0, 0.0, 1.0, 1.0])
    card = Scorecard(
        policy=Policy(Source("plain", "m", 1.0), "single", 1),
        examples=("a", "b", "c", "d"),
        scores=scores,
        cost_usd=zeros,
        tokens=zeros + 500,
        latency_s=zeros,
        samples=np.ones(4, dtype=np.int64),
        objectives={"brief": np.array([0.0, 1.0, 0.5, 0.5])},
    )
    preference = Preference(quality=2.0, tokens=0.1, objectives=(("brief", 0.4),))
    assert card.utilities(preference).tolist() == pytest.approx([1.95, 0.35, 2.15, 2.15])
    assert card.standard_error == pytest.approx(scores.std(ddof=1) / 2)


def test_a_policy_survives_json() -> None:
    """Its JSON is its identity."""
    policy = Policy(Source("plain", "m", 0.7, (("tone", "polite"),), "think"), "early_stop", 4, (("window", 2),))
    assert Policy.from_json(policy.to_json()) == policy


def test_a_policy_written_before_there_were_modes_and_options_is_read() -> None:
    """What the last version kept is found again."""
    text = '{"n": 4, "source": {"model": "m", "prompt": "p", "slots": [], "temperature": 1.0}, "strategy": "majority"}'
    assert Policy.from_json(text) == Policy(Source("p", "m", 1.0), "majority", 4)


def test_slots_may_show_fields() -> None:
    """An option is put into the prompt before the example is."""
    source = Source("kind", "m", 1.0, (("tone", "polite"),), "fast")
    request = SPACE.request(source, EXAMPLE, seed=1, logprobs=False)
    assert request.messages == (Message("system", "be {mood}"), Message("user", "please, why? why"))


def test_a_request_is_known_by_all_that_is_sent() -> None:
    """Another temperature, seed or server is another request; another key or way to travel is not."""
    chat = (Message("user", "hello"),)
    base = Request(MODEL, chat, 1.0)
    others = [Request(MODEL, chat, 0.5), Request(MODEL, chat, 1.0, seed=1), Request(MODEL, chat, 1.0, logprobs=True)]
    others.append(Request(Model("m", "embedded/nano", base_url="http://127.0.0.1:1"), chat, 1.0))
    assert len({base.key, *(other.key for other in others)}) == 5
    same = Model("other", "embedded/nano", key_envs=("KEY",), client="direct", timeout_s=1.0)
    assert Request(same, chat, 1.0).key == base.key


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
