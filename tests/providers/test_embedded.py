"""The embedded model as a provider."""

import asyncio

import pytest

from jointopt.domain import Message, Model, Price, Request, Sample
from jointopt.errors import ModelError, ProviderError
from jointopt.pocket.lessons import THINK_LINE
from jointopt.pocket.network import load_tokenizer
from jointopt.providers.embedded import Embedded

QUESTION = "leo has 12 apples. leo buys 5 more. leo gives 4 to mona. how many apples does leo have now?"
MODEL = Model("nano", "embedded/nano", max_tokens=90)


def ask(user: str = QUESTION, system: str = "think step by step.", model: Model = MODEL, seed: int = 0) -> Request:
    """A request with one system line and one question."""
    return Request(model, (Message("system", system), Message("user", user)), 1.0, seed)


async def run(request: Request, replicates: list[int]) -> list[Sample]:
    """Samples of a request."""
    return await Embedded().complete(request, replicates)


async def test_samples_come_in_the_order_of_their_replicates() -> None:
    """One sample per number, each with its number, text and finish."""
    samples = await run(ask(), [4, 0, 2])
    assert [sample.replicate for sample in samples] == [4, 0, 2]
    assert all(sample.text and sample.finish == "stop" and sample.error is None for sample in samples)
    assert all(sample.logprob is not None and sample.logprob < 0 and sample.latency_s > 0 for sample in samples)


async def test_a_replicate_is_always_the_same_sample() -> None:
    """However it is asked for, replicate r says the same with the same log-probability."""
    together = await run(ask(), list(range(12)))
    for replicate in (0, 5, 11):
        alone = (await run(ask(), [replicate]))[0]
        assert (alone.text, alone.logprob) == (together[replicate].text, together[replicate].logprob)
    assert len({sample.text for sample in together}) > 1


async def test_another_seed_or_prompt_gives_other_samples() -> None:
    """The request's whole key enters the seed."""
    zero, one = await run(ask(), list(range(8))), await run(ask(seed=1), list(range(8)))
    assert [sample.text for sample in zero] != [sample.text for sample in one]


async def test_the_prompt_is_billed_once() -> None:
    """Input tokens are on the first sample only, and the cost follows the price."""
    model = Model("nano", "embedded/nano", price=Price(2.0, 10.0), max_tokens=90)
    samples = await run(ask(model=model), [7, 8, 9])
    prompt = len(load_tokenizer().chat("think step by step.", QUESTION))
    assert [sample.input_tokens for sample in samples] == [prompt, 0, 0]
    assert Embedded().count_tokens(ask()) == prompt
    for sample in samples:
        expected = (sample.input_tokens * 2 + sample.output_tokens * 10) / 1e6
        assert sample.cost_usd == pytest.approx(expected)


async def test_thoughts_and_the_request_have_their_price() -> None:
    """What it thought costs what reasoning costs; the fee is on the first sample only."""
    model = Model("nano", "embedded/nano", price=Price(2.0, 10.0, None, 30.0, 0.5), max_tokens=90)
    samples = await run(ask(model=model, system=f"{THINK_LINE} just answer."), [0, 1, 2])
    assert any(sample.reasoning_tokens for sample in samples)
    for sample in samples:
        answer, fee = sample.output_tokens - sample.reasoning_tokens, 0.5 * (sample.replicate == 0)
        tokens = 2 * sample.input_tokens + 10 * answer + 30 * sample.reasoning_tokens
        assert sample.cost_usd == pytest.approx(tokens / 1e6 + fee)


async def test_without_a_price_it_is_free() -> None:
    """No price in the study means zero, not a refusal."""
    assert Embedded().price(MODEL) == Price(0, 0)
    assert (await run(ask(), [0]))[0].cost_usd == 0


async def test_thoughts_are_kept_apart() -> None:
    """With the think line, what it thought is in `reasoning`, and `text` holds the answer only."""
    samples = await run(ask(system=f"{THINK_LINE} just answer."), list(range(16)))
    thinking = [sample for sample in samples if sample.reasoning]
    assert len(thinking) > 8
    for sample in thinking:
        assert "think>" not in sample.text + sample.reasoning
        assert sample.text.startswith("answer:")
        assert len(sample.reasoning.split()) < sample.reasoning_tokens < sample.output_tokens


async def test_thoughts_are_counted() -> None:
    """None without the think line; all that was drawn where it was cut before an answer; nothing is ever cached."""
    plain = await run(ask(), list(range(4)))
    assert [(sample.reasoning_tokens, sample.cached_tokens) for sample in plain] == [(0, 0)] * 4
    short = Model("short", "embedded/nano", max_tokens=4)
    cut = await run(ask(system=f"{THINK_LINE} just answer.", model=short), list(range(16)))
    thoughts = {(sample.text, sample.reasoning_tokens) for sample in cut if sample.reasoning}
    assert thoughts == {("", 4)}


async def test_a_cut_completion_says_so() -> None:
    """Two tokens are two tokens, and the finish is `length`."""
    sample = (await run(ask(model=Model("short", "embedded/nano", max_tokens=2)), [0]))[0]
    assert (sample.finish, sample.output_tokens) == ("length", 2)


async def test_stops_of_the_study_are_kept() -> None:
    """`stop` in the model's extra ends a completion."""
    model = Model("nano", "embedded/nano", max_tokens=90, extra={"stop": ["answer"]})
    samples = await run(ask(model=model), list(range(4)))
    assert all("answer" not in sample.text and sample.finish == "stop" for sample in samples)


async def test_many_requests_at_once_equal_the_same_one_by_one() -> None:
    """Concurrent requests share a batch, and change nothing for each other."""
    requests = [ask(f"mona has {n} pens. mona buys {n} more. how many pens is that?") for n in range(10, 40)]

    provider = Embedded()
    together = await asyncio.gather(*(provider.complete(request, [0, 1]) for request in requests))
    for i in (0, 11, 29):
        assert [sample.text for sample in await run(requests[i], [0, 1])] == [sample.text for sample in together[i]]


async def test_nothing_asked_is_nothing_done() -> None:
    """No replicates, no samples."""
    assert await run(ask(), []) == []


@pytest.mark.parametrize("endpoint", ["embedded/mega", "nano", "openai/nano"])
async def test_an_unknown_tier_names_those_there_are(endpoint: str) -> None:
    """The message has the endpoint and the mend."""
    with pytest.raises(ModelError, match=f"(?s){endpoint}.*embedded/micro, embedded/nano"):
        await run(ask(model=Model("m", endpoint)), [0])


@pytest.mark.parametrize(
    ("extra", "message"), [({"top_p": 0.5}, "top_p"), ({"stop": [""]}, r"stop is \[''\]"), ({"stop": 5}, "stop is 5")]
)
async def test_extra_that_it_cannot_do_is_refused(extra: dict[str, object], message: str) -> None:
    """A setting is never ignored in silence."""
    with pytest.raises(ModelError, match=message):
        await run(ask(model=Model("m", "embedded/nano", extra=extra)), [0])


async def test_reasoning_switches_are_refused_with_the_line_that_works() -> None:
    """A mode of the embedded model is a system line."""
    model = Model("m", "embedded/nano", extra={"reasoning_effort": "high"})
    with pytest.raises(ModelError, match="reasoning_effort") as refusal:
        await run(ask(model=model), [0])
    assert '"reasoning: on"' in refusal.value.mend


async def test_a_prompt_longer_than_the_context_is_refused() -> None:
    """The message says how long it is, and how long it may be."""
    with pytest.raises(ProviderError, match="must fit into 256"):
        await run(ask("pears " * 300), [0])
