"""Which client reaches a model, and that a request is the same whichever does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jointopt.domain import Message, Model, Price, Request
from jointopt.errors import ModelError
from jointopt.providers import connect
from jointopt.providers.direct import Direct, outgoing
from jointopt.providers.failure import Failure
from jointopt.providers.lite import Lite
from jointopt.providers.remote import Client, Remote
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
