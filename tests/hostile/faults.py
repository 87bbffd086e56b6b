"""What can go wrong between a client and a model, each by its name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from math import ceil
from time import time

from tests.hostile.bill import Choice
from tests.hostile.exchange import Exchange
from tests.hostile.wire import HTML, head

PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"
FLOOD_BYTES = 8_000_000
_SOON_S = 0.01  # so that what was written has left before the connection is reset


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to answer a request."""

    name: str
    act: Callable[[Exchange], None]


HONEST = Fault("honest", Exchange.honest)


def delay(seconds: float) -> Fault:
    """The true reply, later."""
    return Fault("delay", lambda exchange: exchange.later(seconds, exchange.honest))


def status(code: int, message: str = "the server is in trouble") -> Fault:
    """An error of the server's own."""
    return Fault(f"status_{code}", lambda exchange: exchange.refuse(code, message))


def too_many(**headers: str) -> Fault:
    """429; the names of headers are written with underscores: ``too_many(retry_after="1")``."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    name = "_".join(["too_many", *headers])
    return Fault(name, lambda exchange: exchange.refuse(429, "Rate limit reached", code="rate_limited", headers=told))


def too_many_until(seconds: float) -> Fault:
    """429 with the date when to come back; dates know whole seconds only."""

    def act(exchange: Exchange) -> None:
        until = formatdate(ceil(time() + seconds), usegmt=True)
        exchange.refuse(429, "Rate limit reached", code="rate_limited", headers={"Retry-After": until})

    return Fault("too_many_until", act)


TOO_MANY = too_many()
USED_UP = too_many(x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="120ms")
_LAST = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}
LAST_ONE = Fault("last_one", lambda exchange: exchange.honest(headers=_LAST))  # true, and says that no more may come
NO_CREDIT = Fault(
    "no_credit", lambda exchange: exchange.refuse(429, "You exceeded your quota", code="insufficient_quota")
)


def _cut(exchange: Exchange) -> None:
    body = json.dumps(exchange.reply()).encode()
    exchange.link.write(head(200, len(body), {}) + body[: len(body) // 2])
    exchange.later(_SOON_S, exchange.link.reset)


def _drip(exchange: Exchange) -> None:
    exchange.link.write(head(200, 10**9, {}))

    def drop() -> None:
        exchange.link.write(b" ")
        exchange.later(0.005, drop)

    drop()


RESET = Fault("reset", lambda exchange: exchange.link.reset())  # before the reply
CUT = Fault("cut", _cut)  # half a reply, then RST
HANG = Fault("hang", lambda exchange: None)  # for ever
DRIP = Fault("drip", _drip)  # a byte every 5 ms, for ever
HANG_UP = Fault("hang_up", lambda exchange: exchange.link.close())  # FIN instead of a reply
LEAVES = Fault("leaves", lambda exchange: exchange.honest(last=True))  # a true reply, then FIN without a word about it


def body(name: str, sent: bytes, *, content_type: str = "application/json") -> Fault:
    """Status 200, and something else than completions."""
    return Fault(name, lambda exchange: exchange.send(200, sent, content_type=content_type))


MALFORMED = body("malformed", b'{"id": "chatcmpl-1", "choices": [{"index": 0, "message": {"content": "4')
NO_BODY = body("no_body", b"")
NO_TEXT = body("no_text", b'{"choices": "\xff\xfe"}')  # not UTF-8
NESTED = body("nested", b"[" * 100_000)  # deeper than a parser may go
PAGE_200 = body("page", PAGE, content_type=HTML)
FLOOD = body("flood", b" " * FLOOD_BYTES)


def caps_n(most: int) -> Fault:
    """Never more than so many choices, and no word about it."""
    return Fault(f"caps_n_{most}", lambda exchange: exchange.honest(n=min(exchange.asked.n, most)))


def refuses_n(above: int = 1) -> Fault:
    """400 that names n, where more are asked for than so many."""

    def act(exchange: Exchange) -> None:
        if exchange.asked.n > above:
            exchange.refuse(400, f"Invalid 'n': must be at most {above}", code="integer_above_max_value", param="n")
        else:
            exchange.honest()

    return Fault(f"refuses_n_above_{above}", act)


IGNORES_N = Fault("ignores_n", lambda exchange: exchange.honest(n=1))
FEWER = Fault("fewer", lambda exchange: exchange.honest(n=max(1, exchange.asked.n - 1)))
MORE = Fault("more", lambda exchange: exchange.honest(n=exchange.asked.n + 2))
EMPTY = Fault("empty", lambda exchange: exchange.honest(n=0))  # no choices; the prompt is charged all the same


def _edited(name: str, finish: str, change: Callable[[str], dict[str, str | None]]) -> Fault:
    """True replies, but for what each message says and how it ends; `change` is given the true text."""

    def edit(choice: Choice) -> None:
        choice["finish_reason"] = finish
        choice["message"] |= change(choice["message"]["content"])
        choice.pop("logprobs", None)

    return Fault(name, lambda exchange: exchange.honest(edit=edit))


NULL = _edited("null", "stop", lambda text: {"content": None})
CUT_OFF = _edited("cut_off", "length", lambda text: {"content": text[: len(text) // 2]})
FILTERED = _edited("filtered", "content_filter", lambda text: {"content": ""})
THINKS = _edited("thinks", "stop", lambda text: {"reasoning_content": "Let me see."})

NO_USAGE = Fault("no_usage", lambda exchange: exchange.honest(usage=False))
NO_LOGPROBS = Fault("no_logprobs", lambda exchange: exchange.honest(logprobs=False))


def _refuses_logprobs(exchange: Exchange) -> None:
    if exchange.asked.body.get("logprobs"):
        exchange.refuse(400, "This model does not support 'logprobs'", code="unsupported_parameter", param="logprobs")
    else:
        exchange.honest()


REFUSES_LOGPROBS = Fault("refuses_logprobs", _refuses_logprobs)

# Faults that pass when the request is made again, soon.
PASSING = (
    *(too_many(), too_many(retry_after="0"), too_many(retry_after_ms="20"), USED_UP, LAST_ONE),
    *(status(500), status(502), status(503), RESET, CUT, HANG_UP, LEAVES),
    *(MALFORMED, NO_BODY, NO_TEXT, NESTED, PAGE_200),
)
# Replies that are true and charged, but not as asked for.
ODD = (IGNORES_N, FEWER, MORE, NO_USAGE, delay(0.05))
# Those that a client must end by a clock of its own.
ENDLESS = (HANG, DRIP)
NAMED = {
    fault.name: fault
    for fault in (
        *(HONEST, *PASSING, *ODD, *ENDLESS, FLOOD, NO_CREDIT, EMPTY, NULL, CUT_OFF, FILTERED, THINKS),
        *(NO_LOGPROBS, REFUSES_LOGPROBS, refuses_n(), refuses_n(4), caps_n(4)),
        *(too_many(retry_after="1"), too_many_until(1.0)),
    )
}
