"""Replies as vendors write them, through LiteLLM, become samples that carry the vendor's bill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from jointopt.domain import Message, Model, Price, Request
from jointopt.providers import Provider
from jointopt.providers.reply import Reply, most_input_tokens

if TYPE_CHECKING:
    from tests.providers.conftest import Server

Ask = Callable[..., Request]

# LiteLLM's own: a TypedDict of its types, met by pydantic while the first reply is read.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* is using the `ReadOnly` qualifier:UserWarning")


def openai(prompt: int, completion: int, total: int, **more: object) -> dict[str, Any]:
    """A bill in the form of the OpenAI API."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **more}


def thought(tokens: int) -> dict[str, Any]:
    """The part of a bill that says how much was reasoning."""
    return {"completion_tokens_details": {"reasoning_tokens": tokens}}


@pytest.mark.parametrize(
    ("endpoint", "bill", "tokens"),
    [
        ("openai/m", openai(100, 90, 190, **thought(40)), (100, 0, 90, 40)),
        ("openai/m", openai(100, 50, 190, **thought(40)), (100, 0, 90, 40)),
        ("openai/m", openai(100, 9, 109, prompt_tokens_details={"cached_tokens": 64}), (100, 64, 9, 0)),
        ("hosted_vllm/m", openai(100, 9, 109, prompt_tokens_details=None), (100, 0, 9, 0)),
        ("xai/grok-4", openai(100, 50, 190, **thought(40)), (100, 0, 90, 40)),
        ("deepseek/deepseek-chat", openai(100, 9, 109, prompt_cache_hit_tokens=64), (100, 64, 9, 0)),
        ("perplexity/sonar-deep-research", openai(100, 50, 150, reasoning_tokens=700), (100, 0, 750, 700)),
    ],
)
async def test_every_vendors_bill_is_read(
    server: Server, vendors: Provider, ask: Ask, endpoint: str, bill: dict[str, Any], tokens: tuple[int, ...]
) -> None:
    """Input, cached, output and reasoning tokens, at their prices."""
    server.answer = lambda body, _: (200, server.completion() | {"usage": bill})
    (sample,) = await vendors.complete(ask(endpoint), [0])
    prompt, cached, output, _ = tokens
    assert (sample.input_tokens, sample.cached_tokens, sample.output_tokens, sample.reasoning_tokens) == tokens
    assert sample.cost_usd == pytest.approx((prompt - cached + 0.1 * cached + 2 * output) / 1e6, rel=1e-12)


def test_a_request_pays_its_fee_once_and_its_thoughts_at_their_price() -> None:
    """The first completion carries the fee with the prompt; together they carry the whole bill."""
    price = Price(1.0, 2.0, 0.1, 5.0, 0.25)
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in ("a", "b", "c")]
    body = {"choices": choices, "usage": openai(100, 90, 190, **thought(40))}
    samples = Reply(Request(Model("m", "openai/m"), (Message("user", "Hi"),), 1.0), body, 1.0).samples(3, price)
    assert sum(sample.cost_usd for sample in samples) == pytest.approx(0.25 + (100 + 50 * 2 + 40 * 5) / 1e6)
    assert [sample.cost_usd > 0.25 for sample in samples] == [True, False, False]


async def test_geminis_thoughts_are_billed(server: Server, vendors: Provider, ask: Ask) -> None:
    """It counts them beside the answer; LiteLLM adds them."""
    counts = {"promptTokenCount": 100, "candidatesTokenCount": 5, "thoughtsTokenCount": 60, "totalTokenCount": 165}
    content = {"role": "model", "parts": [{"text": "4"}]}
    choices = [{"content": content, "finishReason": "STOP", "index": 0}]
    reply = {"candidates": choices, "usageMetadata": counts | {"cachedContentTokenCount": 30}}
    server.answer = lambda body, _: (200, reply)
    (sample,) = await vendors.complete(ask("gemini/gemini-2.5-flash"), [0])
    assert (sample.input_tokens, sample.cached_tokens) == (100, 30)
    assert (sample.output_tokens, sample.reasoning_tokens) == (65, 60)


async def test_anthropics_cache_is_billed_as_it_bills(server: Server, vendors: Provider, ask: Ask) -> None:
    """Fresh, read from the cache, written for five minutes and for an hour: four prices in one prompt."""
    written = {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40}
    usage = {"input_tokens": 10, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 100, "output_tokens": 40}
    fixed = {"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
    content = [{"type": "text", "text": "4"}]
    server.answer = lambda body, _: (200, fixed | {"content": content, "usage": usage | {"cache_creation": written}})
    (sample,) = await vendors.complete(ask("anthropic/claude-sonnet-4-5"), [0])
    assert (sample.input_tokens, sample.cached_tokens, sample.output_tokens) == (160, 50, 40)
    prompt = 10 + 0.1 * 50 + 1.25 * 60 + 2 * 40
    assert sample.cost_usd == pytest.approx((prompt + 2 * 40) / 1e6, rel=1e-12)


async def test_completions_of_one_reply_share_its_bill(server: Server, vendors: Provider, ask: Ask) -> None:
    """All of the prompt on the first, cached and written tokens too; output and reasoning on each."""
    details = {"prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 20}}
    bill = openai(100, 90, 190, **details, **thought(31))
    server.answer = lambda body, _: (200, server.completion(3) | {"usage": bill})
    samples = await vendors.complete(ask("openai/m"), range(3))
    assert [(sample.input_tokens, sample.cached_tokens) for sample in samples] == [(100, 64), (0, 0), (0, 0)]
    assert [sample.output_tokens for sample in samples] == [30, 30, 30]
    assert [sample.reasoning_tokens for sample in samples] == [10, 10, 11]
    total = (36 + 0.1 * 64 + 0.25 * 20 + 2 * 90) / 1e6
    assert sum(sample.cost_usd for sample in samples) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(("thoughts", "output"), [(" hmm", 5), ("hmm " * 1000, 512)])
async def test_without_a_bill_thoughts_count_too(
    server: Server, vendors: Provider, ask: Ask, thoughts: str, output: int
) -> None:
    """What was thought was paid for, if it was shown; no more than the longest completion."""
    reply = server.completion(1, content="4", reasoning_content=thoughts)
    del reply["usage"]
    server.answer = lambda body, _: (200, reply)
    (sample,) = await vendors.complete(ask("hosted_vllm/m"), [0])
    assert (sample.output_tokens, sample.reasoning_tokens) == (output, 0)


def test_prompts_are_never_counted_too_short() -> None:
    """The bound holds for text of several bytes a letter."""
    request = Request(Model("m", "openai/m"), (Message("user", "ありがとう"),), 1.0)
    assert most_input_tokens(request) >= len("ありがとう".encode()) + 16
