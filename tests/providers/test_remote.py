"""Both clients against a real server on the loopback: every request and reply crosses a socket."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from jointopt.domain import Message, Model, Price, Request
from jointopt.errors import ModelError, ProviderError
from jointopt.providers.direct import Direct
from jointopt.providers.lite import Lite
from jointopt.providers.remote import ALIKE, Remote
from jointopt.providers.throttle import TRIES

if TYPE_CHECKING:
    from tests.providers.conftest import Server

# LiteLLM's own: a TypedDict of its types, met by pydantic while the first reply is read.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* is using the `ReadOnly` qualifier:UserWarning")

KEY = "sk-planted-key-0123456789abcdef"


@pytest_asyncio.fixture(params=[Direct, Lite])
async def remote(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Remote]:
    """A provider that hardly waits between tries; the planted key is in the environment."""
    monkeypatch.setenv("PLANTED_KEY", KEY)
    provider = Remote(request.param(), backoff_s=0.001)
    yield provider
    await provider.close()


@pytest_asyncio.fixture
async def lite(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Remote]:
    """Through LiteLLM alone."""
    monkeypatch.setenv("PLANTED_KEY", KEY)
    provider = Remote(Lite(), backoff_s=0.001)
    yield provider
    await provider.close()


def _request(server: Server, *, logprobs: bool = False, **settings: Any) -> Request:
    given: dict[str, Any] = {"endpoint": "hosted_vllm/m", "price": Price(1, 2), "key_envs": ("PLANTED_KEY",)} | settings
    model = Model("m", base_url=server.url, **given)
    return Request(model, (Message("system", "Be kind."), Message("user", "Hi")), 0.7, logprobs=logprobs)


@pytest.mark.parametrize("endpoint", ["hosted_vllm/m", "openai/m"])
async def test_n_samples_in_one_request(server: Server, remote: Remote, endpoint: str) -> None:
    """The prompt is billed once, the completions share the rest, and the replicates are those asked for."""
    samples = await remote.complete(_request(server, endpoint=endpoint), [3, 5, 8])
    assert [sample.replicate for sample in samples] == [3, 5, 8]
    assert [sample.text for sample in samples] == ["text 0", "text 1", "text 2"]
    assert [sample.input_tokens for sample in samples] == [7, 0, 0]
    assert [sample.output_tokens for sample in samples] == [10, 10, 10]
    assert math.isclose(sum(sample.cost_usd for sample in samples), (7 * 1 + 30 * 2) / 1e6)
    assert all(sample.latency_s > 0 and sample.finish == "stop" and sample.error is None for sample in samples)
    (body,) = server.asked
    assert (body["model"], body["n"], body["temperature"], body["max_tokens"]) == ("m", 3, 0.7, 512)
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert server.keys == [f"Bearer {KEY}"]


async def test_a_server_that_ignores_n_is_asked_for_the_rest(server: Server, remote: Remote) -> None:
    """None is missing, each request is billed; after a few replies alike the server is not asked for n again."""
    server.answer = lambda body, number: (200, server.completion(1, content=f"call {number}"))
    samples = await remote.complete(_request(server), range(4))
    assert sorted(sample.text for sample in samples) == [f"call {number}" for number in range(4)]
    assert [sample.input_tokens for sample in samples] == [7] * 4
    await remote.complete(_request(server), range(2))
    assert [body.get("n") for body in server.asked] == [4, 3, 2, None, None, None]
    assert ALIKE == 3


async def test_a_server_that_refuses_n_is_asked_one_by_one(server: Server, remote: Remote) -> None:
    """The refused request costs nothing and is not repeated."""
    server.answer = lambda body, _: (
        (400, server.error("'n' must be 1")) if body.get("n") else (200, server.completion())
    )
    assert len(await remote.complete(_request(server), range(3))) == 3
    assert [body.get("n") for body in server.asked] == [3, None, None, None]


async def test_more_choices_than_asked_for_are_dropped_but_billed(server: Server, remote: Remote) -> None:
    """The bill stays whole."""
    server.answer = lambda body, _: (200, server.completion(3))
    samples = await remote.complete(_request(server), range(2))
    assert [sample.output_tokens for sample in samples] == [15, 15]


async def test_a_rate_limit_passes(server: Server, remote: Remote) -> None:
    """Twice refused, then answered."""
    server.answer = lambda body, number: (429, server.error("slow down")) if number < 2 else (200, server.completion())
    (sample,) = await remote.complete(_request(server), [0])
    assert sample.text == "text 0"
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [500, 502])
async def test_a_server_that_never_recovers_is_given_up(server: Server, remote: Remote, status: int) -> None:
    """A bounded number of tries, counted at the server: nobody else repeats behind our back."""
    server.answer = lambda body, number: (status, server.error(f"broken, said {KEY}"))
    with pytest.raises(ProviderError) as failure:
        await remote.complete(_request(server), [0])
    assert len(server.asked) == TRIES
    assert "broken" in failure.value.reason
    assert KEY not in str(failure.value)
    assert "\n" not in failure.value.reason


async def test_what_was_paid_for_is_kept_when_the_rest_fails(server: Server, remote: Remote) -> None:
    """Half an answer is samples, and samples that say why there is none."""
    server.answer = lambda body, number: (200, server.completion(2)) if number == 0 else (400, server.error("no more"))
    samples = await remote.complete(_request(server), range(4))
    assert [sample.finish for sample in samples] == ["stop", "stop", "error", "error"]
    assert [sample.replicate for sample in samples] == [0, 1, 2, 3]
    assert "no more" in str(samples[3].error)
    assert samples[3].cost_usd == 0


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_stays_crowded_is_given_up_when_patience_ends(
    server: Server, remote: Remote, status: int
) -> None:
    """However often that is: it is not the request's fault. A good reply in between is taken."""
    server.answer = lambda body, _: (status, server.error("slow down"))
    with pytest.raises(ProviderError, match=f"HTTP {status}"):
        await remote.complete(_request(server, patience_s=1.0), [0])
    assert len(server.asked) > TRIES
    busy = len(server.asked) + 2 * TRIES
    server.answer = lambda body, number: (status, server.error("no")) if number < busy else (200, server.completion())
    assert len(await remote.complete(_request(server), [0])) == 1


async def test_a_run_that_stops_asks_once_only(server: Server, remote: Remote) -> None:
    """What would be tried again otherwise stays failed, at once."""
    server.answer = lambda body, _: (429, server.error("slow down"))
    remote.halt(True)
    with pytest.raises(ProviderError):
        await remote.complete(_request(server), [0])
    assert len(server.asked) == 1


async def test_keys_take_turns(server: Server, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request goes out with the next of the keys that the study names."""
    monkeypatch.setenv("OTHER_KEY", "other-key")
    for number in range(4):
        await remote.complete(_request(server, key_envs=("PLANTED_KEY", "OTHER_KEY")), [number])
    assert server.keys == [f"Bearer {KEY}", "Bearer other-key"] * 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_stops_the_study(server: Server, remote: Remote, status: int) -> None:
    """The mend names the variable, and nothing shows the key."""
    server.answer = lambda body, _: (status, server.error(f"Incorrect API key provided: {KEY}"))
    with pytest.raises(ModelError, match="refuses the key") as refusal:
        await remote.complete(_request(server), [0])
    assert "PLANTED_KEY" in refusal.value.mend
    assert KEY not in str(refusal.value)
    assert len(server.asked) == 1


async def test_an_unknown_model_stops_the_study(server: Server, remote: Remote) -> None:
    """It is named."""
    server.answer = lambda body, _: (404, server.error("The model does not exist"))
    with pytest.raises(ModelError, match="no model 'hosted_vllm/m'"):
        await remote.complete(_request(server), [0])


async def test_an_unknown_vendor_stops_the_study(server: Server, lite: Remote) -> None:
    """LiteLLM knows no such provider."""
    with pytest.raises(ModelError, match="'nosuchvendor/m'"):
        await lite.complete(_request(server, endpoint="nosuchvendor/m"), [0])


async def test_a_missing_key_names_its_variable(server: Server, remote: Remote) -> None:
    """Nothing is sent."""
    with pytest.raises(ModelError, match="UNSET_KEY is not set"):
        await remote.complete(_request(server, key_envs=("UNSET_KEY",)), [0])
    assert server.asked == []


@pytest.mark.parametrize("vendor", ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"])
async def test_without_any_key_the_study_stops_at_once(
    lite: Remote, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    """The vendor's usual variable is not set: no request leaves the machine."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    request = Request(Model("m", vendor, price=Price()), (Message("user", "Hi"),), 1.0)
    with pytest.raises(ModelError, match="refuses the key") as refusal:
        await lite.complete(request, [0])
    assert "key" in refusal.value.mend


async def test_a_vendors_key_is_not_sent_to_another_server(
    server: Server, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without key_env a server of the user's own gets no key at all."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    await remote.complete(_request(server, endpoint="openai/m", key_envs=()), [0])
    assert len(server.keys) == 1 and KEY not in str(server.keys)


async def test_a_server_that_is_not_there(server: Server, remote: Remote) -> None:
    """A refused connection is a failure of the request, in one line."""
    server.url = "http://127.0.0.1:9/v1"
    with pytest.raises(ProviderError) as failure:
        await remote.complete(_request(server), [0])
    assert "\n" not in failure.value.reason


async def test_a_reply_that_is_none(server: Server, remote: Remote) -> None:
    """No choices, however often, is a failure and not an endless loop."""
    server.answer = lambda body, _: (200, server.completion(0))
    with pytest.raises(ProviderError):
        await remote.complete(_request(server), range(2))
    assert len(server.asked) <= 2 * TRIES + 1


async def test_reasoning_is_kept_apart(server: Server, remote: Remote) -> None:
    """The thinking is no part of the text."""
    server.answer = lambda body, _: (200, server.completion(1, reasoning_content="hmm", content="4"))
    (sample,) = await remote.complete(_request(server), [0])
    assert (sample.text, sample.reasoning) == ("4", "hmm")


@pytest.mark.parametrize(("told", "finish"), [("stop", "stop"), ("length", "length"), ("content_filter", "filter")])
async def test_how_a_completion_ended(server: Server, remote: Remote, told: str, finish: str) -> None:
    """Cut off and filtered completions are samples that say so, empty ones too."""
    reply = server.completion(1, content=None)
    reply["choices"][0]["finish_reason"] = told
    server.answer = lambda body, _: (200, reply)
    (sample,) = await remote.complete(_request(server), [0])
    assert (sample.text, sample.finish) == ("", finish)


async def test_logprobs_are_averaged_and_share_the_bill(server: Server, remote: Remote) -> None:
    """The mean per token; a longer completion carries more of the output tokens, and their sum is the bill."""
    reply = server.completion(2)
    for choice, values in zip(reply["choices"], ([-0.5, -1.5], [-1.0] * 6), strict=True):
        tokens: list[dict[str, Any]] = [
            {"token": "a", "logprob": value, "bytes": None, "top_logprobs": []} for value in values
        ]
        choice["logprobs"] = {"content": tokens}
    reply["usage"] |= {"completion_tokens": 8, "total_tokens": 15}
    server.answer = lambda body, _: (200, reply)
    samples = await remote.complete(_request(server, logprobs=True), range(2))
    assert server.asked[0]["logprobs"] is True
    assert [sample.logprob for sample in samples] == [-1.0, -1.0]
    assert [sample.output_tokens for sample in samples] == [2, 6]


async def test_without_usage_the_upper_bound_is_billed(server: Server, remote: Remote) -> None:
    """A server that sends no bill cannot break the budget's promise."""
    reply = server.completion(1)
    del reply["usage"]
    server.answer = lambda body, _: (200, reply)
    request = _request(server)
    (sample,) = await remote.complete(request, [0])
    assert sample.input_tokens == remote.count_tokens(request)
    assert sample.output_tokens == len("text 0")


async def test_the_same_request_twice_gives_new_samples(server: Server, remote: Remote) -> None:
    """Nothing is cached on the way."""
    for number in range(3):
        await remote.complete(_request(server), [number])
    assert len(server.asked) == 3


async def test_no_more_requests_at_once_than_the_model_allows(server: Server, remote: Remote) -> None:
    """The rest waits its turn."""
    server.answer = lambda body, _: (200, server.completion(1))
    await remote.complete(_request(server, concurrency=2), range(9))
    assert len(server.asked) == 9
    assert server.most_under_way == 2


async def test_an_unpriced_model_is_not_asked(server: Server, remote: Remote) -> None:
    """What cannot be counted is not spent."""
    with pytest.raises(ModelError, match="no price is known"):
        await remote.complete(_request(server, price=None), [0])
    assert server.asked == []


@pytest.mark.parametrize("choices", [None, "none", [{"index": 0}], {}])
async def test_a_reply_out_of_shape_is_a_failure(server: Server, remote: Remote, choices: object) -> None:
    """A server that answers 200 with nonsense fails the request, not the study."""
    server.answer = lambda body, _: (200, server.completion() | {"choices": choices})
    with pytest.raises(ProviderError):
        await remote.complete(_request(server), [0])
