"""Every fault does on the wire what its name says."""

import json
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from tests.hostile import faults
from tests.hostile.asking import ask, listen, meet, spell
from tests.hostile.faults import Fault
from tests.hostile.server import Server, serving


def _free(server: Server) -> bool:
    return server.bill.replies == server.bill.tokens == 0


@pytest.mark.parametrize(
    ("fault", "header"),
    [
        (faults.too_many(retry_after="3"), ("Retry-After", "3")),
        (faults.too_many(retry_after_ms="20"), ("retry-after-ms", "20")),
        (faults.USED_UP, ("x-ratelimit-remaining-requests", "0")),
        (faults.USED_UP, ("x-ratelimit-reset-requests", "120ms")),
    ],
)
async def test_a_429_says_when_to_come_back(fault: Fault, header: tuple[str, str]) -> None:
    """In seconds, in milliseconds, or as a limit that is used up; nothing is charged."""
    met = await meet(fault)
    assert met.status == 429
    assert met.headers[header[0]] == header[1]


async def test_a_429_may_name_a_date_or_nothing_at_all() -> None:
    """The date is one of HTTP's; without a header there is none that names a time."""
    dated, bare = await meet(faults.too_many_until(1)), await meet(faults.TOO_MANY)
    assert parsedate_to_datetime(dated.headers["Retry-After"]).utcoffset() is not None
    assert not [name for name in bare.headers if "retry" in name.lower() or "rate" in name.lower()]


@pytest.mark.parametrize("code", [500, 502, 503])
async def test_an_error_of_the_server_has_its_status(code: int) -> None:
    """And the form of the API's errors."""
    met = await meet(faults.status(code))
    assert (met.status, met.read["error"]["message"]) == (code, "the server is in trouble")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.RESET, aiohttp.ClientOSError),
        (faults.CUT, aiohttp.ClientPayloadError),
        (faults.HANG_UP, aiohttp.ServerDisconnectedError),
        (faults.HANG, TimeoutError),
        (faults.DRIP, TimeoutError),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_a_broken_connection_is_broken_as_named(fault: Fault, error: type[Exception]) -> None:
    """Reset before and within the reply, closed, silent, or dripping for ever; nothing is charged."""
    with serving(fault) as server:
        with pytest.raises(error):
            await ask(server.url)
        assert _free(server)


async def test_on_the_wire_a_cut_is_half_a_body_and_a_reset() -> None:
    """The headers promise more than comes before RST."""
    with serving(faults.CUT) as server:
        received, end = await listen(server.url, spell())
    promised = int(received.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    assert len(received.partition(b"\r\n\r\n")[2]) == promised // 2
    assert isinstance(end, ConnectionResetError)


async def test_on_the_wire_a_drip_goes_on() -> None:
    """Byte after byte, without an end."""
    with serving(faults.DRIP) as server:
        received, end = await listen(server.url, spell())
    dripped = received.partition(b"\r\n\r\n")[2]
    assert dripped == b" " * len(dripped) and 1 <= len(dripped) < 70
    assert isinstance(end, TimeoutError)


async def test_requests_share_a_connection_and_may_be_sent_ahead() -> None:
    """Keep-alive: two requests in one go get two replies, in their order."""
    with serving(delay_s=0.01) as server:
        received, _ = await listen(server.url, spell(n=1) + spell(n=2))
        connections, most = server.visits.connections, server.visits.most_in_flight
    assert [received.count(b"chatcmpl-0"), received.count(b"chatcmpl-1")] == [1, 1]
    assert received.find(b"chatcmpl-0") < received.find(b"chatcmpl-1")
    assert (connections, most) == (1, 1)


async def test_a_connection_may_end_after_a_true_reply() -> None:
    """The reply does not say so; it is charged."""
    with serving(faults.LEAVES) as server:
        received, end = await listen(server.url, spell())
        assert server.bill.replies == 1
    assert end is None and b"chatcmpl-0" in received and b"close" not in received.lower()


async def test_a_handshake_is_broken() -> None:
    """A client that asks over TLS is told that it failed."""
    with serving() as server:
        with pytest.raises(aiohttp.ClientConnectorSSLError):
            await ask(server.secure_url)
        assert server.visits.handshakes == 1


@pytest.mark.parametrize("fault", [faults.MALFORMED, faults.NO_BODY, faults.NO_TEXT, faults.PAGE_200, faults.NESTED])
async def test_status_200_may_bring_no_json(fault: Fault) -> None:
    """Cut short, empty, no text at all, a page, or nested too deeply; nothing is charged."""
    with serving(fault) as server:
        (met,) = await ask(server.url)
        assert _free(server)
    assert met.status == 200
    assert ("html" in met.headers["Content-Type"]) is (fault is faults.PAGE_200)
    with pytest.raises((ValueError, RecursionError)):
        json.loads(met.body)


async def test_a_flood_is_a_flood() -> None:
    """8 MB of nothing."""
    assert len((await meet(faults.FLOOD)).body) == faults.FLOOD_BYTES


@pytest.mark.parametrize(
    ("fault", "counts"),
    [
        (faults.IGNORES_N, (1, 1, 1)),
        (faults.FEWER, (1, 3, 7)),
        (faults.MORE, (3, 6, 10)),
        (faults.EMPTY, (0, 0, 0)),
        (faults.caps_n(4), (1, 4, 4)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_choices_may_be_miscounted(fault: Fault, counts: tuple[int, ...]) -> None:
    """Of 1, 4 and 8 that are asked for; what comes is charged."""
    with serving(fault) as server:
        got = [len((await ask(server.url, n=n))[0].texts) for n in (1, 4, 8)]
        assert (*got,) == counts
        assert (server.bill.completions, server.bill.replies) == (sum(counts), 3)


async def test_n_may_be_refused() -> None:
    """With a status of 400 and a message that names it; up to the limit all is well."""
    with serving(faults.refuses_n(4)) as server:
        (small,), (large,) = await ask(server.url, n=4), await ask(server.url, n=5)
    assert (small.status, large.status, large.read["error"]["param"]) == (200, 400, "n")
    assert "'n'" in large.read["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "finish", "content"),
    [(faults.NULL, "stop", None), (faults.FILTERED, "content_filter", ""), (faults.CUT_OFF, "length", "0")],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_choices_may_say_little(fault: Fault, finish: str, content: str | None) -> None:
    """Nothing, an empty text, or half of one; the usage is what was written."""
    met = await meet(fault)
    (choice,) = met.read["choices"]
    assert choice["finish_reason"] == finish
    assert choice["message"]["content"] == content or (content and choice["message"]["content"])
    assert met.read["usage"]["completion_tokens"] == len(choice["message"]["content"] or "")


async def test_reasoning_is_apart_and_charged() -> None:
    """It has a field of its own, and is a part of the completion's tokens."""
    with serving(faults.THINKS) as server:
        (met,) = await ask(server.url)
        assert server.bill.reasoning_tokens == len("Let me see.")
    usage = met.read["usage"]
    assert met.read["choices"][0]["message"]["reasoning_content"] == "Let me see."
    assert usage["completion_tokens"] == len("Let me see.") + len(met.texts[0] or "")


async def test_usage_may_be_missing_and_is_charged_all_the_same() -> None:
    """The client has to count by itself."""
    with serving(faults.NO_USAGE) as server:
        (met,) = await ask(server.url)
        assert server.bill.completion_tokens == len(met.texts[0] or "")
    assert "usage" not in met.read


async def test_logprobs_may_be_refused_or_left_out() -> None:
    """Refused by name, or silently missing; requests without them are answered."""
    refused, silent = (
        await meet(faults.REFUSES_LOGPROBS, logprobs=True),
        await meet(faults.NO_LOGPROBS, logprobs=True),
    )
    assert (refused.status, refused.read["error"]["param"]) == (400, "logprobs")
    assert "logprobs" not in silent.read["choices"][0]
    assert (await meet(faults.REFUSES_LOGPROBS)).status == 200
