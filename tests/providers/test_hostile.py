"""The direct client and the throttle against a server that misbehaves on purpose: a real one, on real sockets."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from jointopt.domain import Message, Model, Price, Request
from jointopt.errors import ModelError, ProviderError
from jointopt.providers.direct import Direct
from jointopt.providers.remote import ALIKE, Remote
from tests.hostile import faults, scripts
from tests.hostile.faults import Fault
from tests.hostile.server import Server, serving

KEY = "planted-key-0123456789abcdef"


@pytest_asyncio.fixture
async def remote(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Remote]:
    """A provider that hardly waits between tries."""
    monkeypatch.setenv("PLANTED_KEY", KEY)
    provider = Remote(Direct(), backoff_s=0.001)
    yield provider
    await provider.close()


def _request(server: Server, *, logprobs: bool = False, **settings: Any) -> Request:
    given: dict[str, Any] = {"base_url": server.url, "price": Price(1, 2), "key_envs": ("PLANTED_KEY",)} | settings
    return Request(Model("m", "hosted_vllm/m", **given), (Message("user", "Hi"),), 0.7, logprobs=logprobs)


@pytest.mark.parametrize("fault", faults.PASSING, ids=lambda fault: fault.name)
async def test_what_passes_is_asked_again_and_paid_once(remote: Remote, fault: Fault) -> None:
    """Three samples of a request that failed at first: each once, at what the server charges."""
    with serving(scripts.in_turn(fault)) as server:
        samples = await remote.complete(_request(server), range(3))
        assert [sample.error for sample in samples] == [None] * 3
        assert len({sample.text for sample in samples}) == 3
        assert server.bill.completions == 3
        assert sum(sample.input_tokens + sample.output_tokens for sample in samples) == server.bill.tokens


@pytest.mark.parametrize("fault", faults.ENDLESS, ids=lambda fault: fault.name)
async def test_what_never_ends_is_ended_by_the_clock(remote: Remote, fault: Fault) -> None:
    """An attempt has its time; the next one may do better, and if none does, the failure says how long it was."""
    with serving(scripts.in_turn(fault)) as server:
        (sample,) = await remote.complete(_request(server, timeout_s=0.2), [0])
        assert sample.error is None
        server.behave(fault)
        with pytest.raises(ProviderError, match=r"no whole answer within 0\.2 s"):
            await remote.complete(_request(server, timeout_s=0.2), [0])


async def test_a_flood_is_not_read_to_its_end(remote: Remote) -> None:
    """No honest reply of 64 tokens has eight million bytes."""
    with serving(faults.FLOOD) as server, pytest.raises(ProviderError, match="was not read to its end"):
        await remote.complete(_request(server, max_tokens=64), [0])


async def test_an_endpoint_that_is_no_api_is_said_to_be_none(remote: Remote) -> None:
    """A page in place of JSON, with a good state or a bad one."""
    with serving(faults.PAGE_200) as server:
        with pytest.raises(ProviderError, match="no JSON but text/html; is base_url right"):
            await remote.complete(_request(server), [0])
        with pytest.raises(ModelError, match="there is no model") as told:
            await remote.complete(_request(server, base_url=server.url.removesuffix("/v1")), [0])
    assert "base_url" in told.value.mend and "/v1" in told.value.mend


async def test_a_handshake_that_fails_is_not_tried_again(remote: Remote) -> None:
    """No request of this model can succeed."""
    with serving() as server:
        with pytest.raises(ModelError, match="no secure connection") as told:
            await remote.complete(_request(server, base_url=server.secure_url), [0])
        assert server.visits.handshakes == 1
    assert "base_url" in told.value.mend


async def test_an_account_without_credit_is_not_a_rate_limit(remote: Remote) -> None:
    """It has the state of one, and does not pass."""
    with serving(faults.NO_CREDIT) as server:
        with pytest.raises(ModelError, match="no credit left"):
            await remote.complete(_request(server), [0])
        assert len(server.asked) == 1


async def test_a_key_that_is_wrong_and_a_model_that_is_not_there(remote: Remote) -> None:
    """Each is one clear line with its mend; the key is in neither."""
    with serving(keys=["another-key"]) as server, pytest.raises(ModelError, match="refuses the key") as wrong:
        await remote.complete(_request(server), [0])
    assert "PLANTED_KEY" in wrong.value.mend and KEY not in str(wrong.value)
    with serving(models=["other"]) as server, pytest.raises(ModelError, match="there is no model 'hosted_vllm/m'"):
        await remote.complete(_request(server), [0])


async def test_log_probabilities_that_are_refused_name_the_mend(remote: Remote) -> None:
    """The study cannot select by them."""
    with serving(faults.REFUSES_LOGPROBS) as server, pytest.raises(ModelError, match="logprobs") as told:
        await remote.complete(_request(server, logprobs=True), [0])
    assert "selectors that need log-probabilities" in told.value.mend


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (faults.IGNORES_N, [8, 7, 6] + [1] * 13),
        (faults.caps_n(4), [8, 4, 8, 4]),
        (faults.refuses_n(4), [8, 4, 4, 4, 4]),
        (faults.FEWER, [8, 1, 8, 1]),
        (faults.MORE, [8, 8]),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_n_is_counted_topped_up_and_split(remote: Remote, fault: Fault, asked: list[int]) -> None:
    """Two requests of eight: all sixteen come, whatever the server makes of n, at what it charges."""
    with serving(fault) as server:
        request = _request(server)
        samples = [sample for _ in range(2) for sample in await remote.complete(request, range(8))]
        assert [visit.n for visit in server.asked] == asked
        assert len({sample.text for sample in samples}) == 16
        assert sum(sample.input_tokens + sample.output_tokens for sample in samples) == server.bill.tokens
    assert ALIKE == 3


@pytest.mark.parametrize(
    ("fault", "finish", "text"), [(faults.CUT_OFF, "length", True), (faults.FILTERED, "filter", False)]
)
async def test_how_a_completion_ended_is_on_record(remote: Remote, fault: Fault, finish: str, text: bool) -> None:
    """Cut off by its length, or filtered: a sample that says so."""
    with serving(fault) as server:
        (sample,) = await remote.complete(_request(server), [0])
    assert (sample.finish, bool(sample.text), sample.error) == (finish, text, None)


async def test_what_was_thought_is_kept_apart(remote: Remote) -> None:
    """It is no part of the answer."""
    with serving(faults.THINKS) as server:
        (sample,) = await remote.complete(_request(server), [0])
    assert (sample.reasoning, "Let me see." in sample.text) == ("Let me see.", False)


async def test_without_usage_the_bound_is_billed_and_holds(remote: Remote) -> None:
    """Bytes bound tokens: never less than the server charges."""
    with serving(faults.NO_USAGE) as server:
        samples = await remote.complete(_request(server), range(4))
        assert sum(sample.input_tokens + sample.output_tokens for sample in samples) >= server.bill.tokens
