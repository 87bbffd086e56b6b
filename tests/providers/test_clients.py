"""Which client reaches a model, and that a request is the same whichever does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jointopt.domain import Message, Model, Price, Request
from jointopt.errors import ModelError, ProviderError
from jointopt.providers import connect
from jointopt.providers.direct import Direct, outgoing
from jointopt.providers.failure import Failure, one_line
from jointopt.providers.lite import Lite
from jointopt.providers.remote import Client, Remote, read_keys
from jointopt.providers.reply import Reply
from tests.hostile import faults, scripts
from tests.hostile.server import serving

if TYPE_CHECKING:
    from tests.providers.conftest import Server

# LiteLLM's own: a TypedDict of its types, met by pydantic while the first reply is read.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* is using the `ReadOnly` qualifier:UserWarning")
CHAT = (Message("system", "Be kind."), Message("user", "Hi"))


@pytest.mark.parametrize(
    ("endpoint", "settings", "client"),
    [
        ("openai/gpt-4o-mini", {}, Direct),
        ("openai/gpt-4o-mini", {"client": "litellm"}, Lite),
        ("anthropic/claude-sonnet-4-5", {}, Lite),
        ("hosted_vllm/m", {"base_url": "http://127.0.0.1:8000/v1"}, Direct),
        ("hosted_vllm/m", {}, Lite),
        ("ollama/m", {"base_url": "http://127.0.0.1:11434"}, Lite),
        ("ollama/m", {"base_url": "http://127.0.0.1:11434/v1", "client": "direct"}, Direct),
    ],
)
def test_what_speaks_openais_api_is_asked_directly(endpoint: str, settings: dict[str, Any], client: type) -> None:
    """The endpoint chooses, where the study does not."""
    provider = connect(Model("m", endpoint, **settings))
    assert isinstance(provider, Remote) and isinstance(provider.client, client)


async def test_requests_are_the_same_either_way(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LiteLLM sends for a body, the direct client sends too: further fields, n and log-probabilities."""
    monkeypatch.setenv("SOME_KEY", "some-key")
    extra = {
        "top_p": 0.5,
        "stop": ["x"],
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}, "min_p": 0.1},
    }
    for client in (Direct(), Lite()):
        remote = Remote(client)
        model = Model("m", "hosted_vllm/m", Price(), base_url=server.url, key_envs=("SOME_KEY",), extra=extra)
        await remote.complete(Request(model, CHAT, 0.7, logprobs=True), range(2))
        await remote.close()
    direct, lite = server.asked
    assert direct == lite
    assert direct["chat_template_kwargs"] == {"enable_thinking": False}


async def test_the_direct_client_knows_a_vendors_usual_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named where it is not set, and no request leaves the machine."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    request = Request(Model("m", "openai/gpt-4o-mini", price=Price()), (Message("user", "Hi"),), 1.0)
    with pytest.raises(ModelError, match="OPENAI_API_KEY is not set") as refusal:
        await Remote(Direct()).complete(request, [0])
    assert "export OPENAI_API_KEY" in refusal.value.mend


def test_openais_own_models_are_asked_by_the_name_they_know() -> None:
    """`max_tokens` is called otherwise there, and n is left out where it is one."""
    body = outgoing(Request(Model("m", "openai/gpt-4o-mini", max_tokens=7), CHAT, 1.0), 1)
    assert (body["model"], body["max_completion_tokens"]) == ("gpt-4o-mini", 7)
    assert not {"max_tokens", "n"} & set(body)


@pytest.mark.parametrize("client", [Direct, Lite])
async def test_what_a_refusal_asks_to_wait_is_heard(client: type[Client]) -> None:
    """A Retry-After of a real 429, by either way."""
    asking = client()
    with serving(faults.too_many(retry_after="7")) as server:
        model = Model("m", "hosted_vllm/m", Price(), base_url=server.url)
        with pytest.raises(Failure) as told:
            await asking.ask(Request(model, CHAT, 0.7), 1, None)
    await asking.close()
    assert (told.value.status, told.value.wait_s, told.value.crowded) == (429, 7.0, True)


async def test_limits_per_minute_are_booked_before_every_request() -> None:
    """One lane for requests, one for tokens at their worst; who is told to wait, waits."""
    booked = list[tuple[str, float]]()

    def pace(lane: str, seconds: float, /) -> float:
        booked.append((lane.partition(" ")[0], seconds))
        return 0.01

    remote = Remote(Direct(), backoff_s=0.001)
    remote.keep(pace)
    with serving(scripts.in_turn(faults.status(500))) as server:
        model = Model("m", "hosted_vllm/m", Price(), base_url=server.url, max_tokens=100)
        model = replace(model, requests_per_minute=120, tokens_per_minute=6000)
        request = Request(model, CHAT, 0.7)
        await remote.complete(request, range(2))
    await remote.close()
    tokens = (remote.count_tokens(request) + 200) / 100
    assert booked == [("requests", 0.5), ("tokens", pytest.approx(tokens))] * 2  # the second try is a request, too


async def test_a_stop_leaves_nothing_booked_that_was_not_asked() -> None:
    """Of many that wait for a limit per minute one has booked: who begins again later does not wait for the others."""
    booked, remote = list[float](), Remote(Direct())

    def pace(_lane: str, seconds: float, /) -> float:
        booked.append(seconds)
        return 3600.0

    remote.keep(pace)
    model = Model("m", "hosted_vllm/m", Price(), base_url="http://127.0.0.1:9/v1", requests_per_minute=1)
    waiting = [asyncio.create_task(remote.complete(Request(model, CHAT, 0.7, seed), [0])) for seed in range(9)]
    while not booked:
        await asyncio.sleep(0.01)
    remote.halt(True)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    await remote.close()
    assert [str(end) for end in ends] == ["stopped before it was asked"] * 9
    assert all(isinstance(end, ProviderError) for end in ends) and len(booked) == 1


async def test_what_a_stop_prevents_is_no_failure() -> None:
    """One of two came, and a stop came before the other: it is kept, and the other is not on record."""
    remote = Remote(Direct(), backoff_s=0.001)
    with serving(scripts.in_turn(faults.IGNORES_N, then=faults.too_many(retry_after="30"))) as server:
        model = Model("m", "hosted_vllm/m", Price(), base_url=server.url)
        asking = asyncio.create_task(remote.complete(Request(model, CHAT, 0.7), range(2)))
        while len(server.asked) < 2:
            await asyncio.sleep(0.01)
        remote.halt(True)
        samples = await asking
    await remote.close()
    assert [(sample.replicate, sample.error) for sample in samples] == [(0, None)]


async def test_a_refused_key_among_good_ones_is_told_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the good one brought is kept first."""
    monkeypatch.setenv("GOOD_KEY", "good")
    monkeypatch.setenv("BAD_KEY", "bad")
    remote = Remote(Direct())
    with serving(faults.refuses_n(1), keys=["good"]) as server:
        model = Model("m", "hosted_vllm/m", Price(), base_url=server.url, key_envs=("GOOD_KEY", "BAD_KEY"))
        request = Request(model, CHAT, 0.7)
        remote._most["hosted_vllm/m", server.url] = 1  # noqa: SLF001  as if it had been learnt
        samples = await remote.complete(request, range(2))
        assert sorted(sample.error is None for sample in samples) == [False, True]
        with pytest.raises(ModelError, match="refuses the key"):
            await remote.complete(request, [2])
    await remote.close()


def test_a_key_with_white_space_around_it_is_hidden_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is sent, so it is looked for; one with a line break inside is refused by its variable's name."""
    model = Model("m", "hosted_vllm/m", base_url="http://127.0.0.1:9/v1", key_envs=("SOME_KEY",))
    monkeypatch.setenv("SOME_KEY", "plain-secret-value-9999\n")
    assert one_line("bad key: plain-secret-value-9999", model) == "bad key: (key)"
    assert read_keys(model, model.key_envs) == ["plain-secret-value-9999"]
    monkeypatch.setenv("SOME_KEY", "plain\nsecret")
    with pytest.raises(ModelError, match="SOME_KEY holds a control character") as told:
        read_keys(model, model.key_envs)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("choice", "text", "finish"),
    [
        ({"message": {"content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}}, "42", "stop"),
        ({"message": {"content": "cut \ud83d"}, "finish_reason": ["a"]}, "cut \ud83d", "stop"),
        ({"message": {"content": {"no": "text"}}, "finish_reason": "length"}, "", "length"),
    ],
)
def test_odd_replies_are_read_as_far_as_they_go(choice: dict[str, Any], text: str, finish: str) -> None:
    """Texts in parts, half a letter without usage, ends that are none."""
    request = Request(Model("m", "hosted_vllm/m", Price(1, 2)), CHAT, 0.7)
    (sample,) = Reply(request, {"choices": [choice]}, 0.1).samples(1, Price(1, 2))
    assert (sample.text, sample.finish) == (text, finish)
