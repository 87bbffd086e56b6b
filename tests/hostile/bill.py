"""What the hostile server charges, and what it was asked: its own account, which a client's ledger is held against.

Its tokenizer is bytes. A reply is charged when it was delivered whole, with status 200, as well-formed JSON. It does
not know how a reply is made, nor how it is sent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

PER_MESSAGE = 16  # as the library's upper bound counts a message's frame, so that the bound is exact here

Choice = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Charge:
    """What one reply costs, in tokens; `reasoning_tokens` are a part of `completion_tokens`."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    completions: int

    def usage(self) -> dict[str, Any]:
        """As a reply states it."""
        usage: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }
        details = {"completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens}}
        return usage | (details if self.reasoning_tokens else {})


@dataclass(slots=True)
class Bill:
    """What all replies together cost."""

    replies: int = 0
    completions: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Of prompts and completions."""
        return self.prompt_tokens + self.completion_tokens

    def add(self, charge: Charge) -> None:
        """One more reply was delivered."""
        self.replies += 1
        self.completions += charge.completions
        self.prompt_tokens += charge.prompt_tokens
        self.completion_tokens += charge.completion_tokens
        self.reasoning_tokens += charge.reasoning_tokens


@dataclass(slots=True)
class Asked:
    """One request for completions, as it came.

    Attributes:
        number: its place among all of them, from 0.
        key: what stood behind ``Bearer``; None where no key came.
        body: the JSON.
        at_s: when it came, on the monotonic clock.
        met: the fault that it met, ``honest`` where none.
    """

    number: int
    key: str | None
    body: Mapping[str, Any]
    at_s: float
    met: str = ""

    @property
    def n(self) -> int:
        """How many completions it asks for."""
        return int(self.body.get("n") or 1)

    @property
    def max_tokens(self) -> int:
        """The longest completion that it allows."""
        return int(self.body.get("max_tokens") or self.body.get("max_completion_tokens") or 1024)


@dataclass(slots=True)
class Visits:
    """Who came, and how many at once.

    Attributes:
        asked: every request for completions, the first one first; empty where the server is told to keep none.
        requests: for completions, refused ones too.
        in_flight: requests that wait for their reply now.
        most_in_flight: at once, ever.
        connections: that were ever opened.
        handshakes: connections that spoke TLS, and got a broken handshake.
        keys: requests by key; the empty one stands for none.
        seeds: requests by seed; those without one are not counted.
        met: requests by the fault that they met, ``honest`` where none.
        statuses: replies by status; those that were never sent have none.
        elsewhere: requests to any other path, by path.
    """

    asked: list[Asked] = field(default_factory=list)
    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    connections: int = 0
    handshakes: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    seeds: Counter[int] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)

    def begin(self, key: str | None, body: Mapping[str, Any], at_s: float, *, keep: bool) -> Asked:
        """A request came."""
        asked = Asked(self.requests, key, body, at_s)
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.keys[key or ""] += 1
        if isinstance(seed := body.get("seed"), int):
            self.seeds[seed] += 1
        if keep:
            self.asked.append(asked)
        return asked

    def summary(self) -> dict[str, Any]:
        """All but the requests themselves."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "asked"}


def prompt_tokens(messages: Sequence[Mapping[str, Any]]) -> int:
    """Tokens of a prompt: `most_input_tokens` of the library, of the messages as they came."""
    return sum(len(_words(message).encode()) + PER_MESSAGE for message in messages) + PER_MESSAGE


def charge(messages: Sequence[Mapping[str, Any]], choices: Sequence[Choice]) -> Charge:
    """What a reply of these choices costs: the prompt once, and every byte of every completion."""
    reasoning = sum(len((choice["message"].get("reasoning_content") or "").encode()) for choice in choices)
    written = sum(len((choice["message"]["content"] or "").encode()) for choice in choices)
    return Charge(prompt_tokens(messages), reasoning + written, reasoning, len(choices))


def _words(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""
