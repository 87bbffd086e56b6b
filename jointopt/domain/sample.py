"""What is sent, what comes back, and the identity that joins them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Literal

from jointopt.domain.model import Model
from jointopt.domain.prompt import Message

OnError = Literal["stop", "skip", "wrong"]
"""What becomes of a sample that cannot be had: another is asked for in its place, and too many failures stop the study
(`stop`: few, `skip`: half of them); or it counts as a wrong answer."""


@dataclass(frozen=True)
class Request:
    """A chat to complete. Two requests with the same `key` are the same request.

    Attributes:
        model: who answers. Its endpoint and base URL are part of the identity; its price and key are not.
        messages: the chat.
        temperature: of sampling.
        seed: the study's seed; where a provider can, replicate r of a request is always the same sample.
        logprobs: whether the log-probability of the completion is wanted.
    """

    model: Model
    messages: tuple[Message, ...]
    temperature: float
    seed: int = 0
    logprobs: bool = False

    @cached_property
    def body(self) -> Mapping[str, object]:
        """The outgoing body, but for the number of completions."""
        body: dict[str, object] = {
            "model": self.model.endpoint,
            "messages": [{"role": message.role, "content": message.content} for message in self.messages],
            "temperature": self.temperature,
            "max_tokens": self.model.max_tokens,
            **self.model.extra,
        }
        return body | ({"logprobs": True} if self.logprobs else {})

    @cached_property
    def key(self) -> str:
        """sha256 of the canonical JSON of the whole body, the endpoint and the seed."""
        identity = {"body": self.body, "base_url": self.model.base_url, "seed": self.seed}
        return sha256(json.dumps(identity, sort_keys=True, ensure_ascii=False).encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion of a request.

    Attributes:
        replicate: its number among the request's completions, from 0.
        text: what the model wrote. Empty where `error` is set.
        reasoning: what it thought before, where the endpoint keeps that apart.
        finish: ``stop``, ``length``, ``filter`` or ``error``.
        logprob: mean log-probability of the completion's tokens in nats, None where not given.
        input_tokens: the prompt's, billed once per request: 0 for all but the first completion of a request.
        cached_tokens: the part of `input_tokens` that the vendor billed as cached.
        output_tokens: the completion's, reasoning included.
        reasoning_tokens: the part of `output_tokens` that went into reasoning, where the vendor says so.
        cost_usd: at the price of the day.
        latency_s: from asking to the answer, of the whole request.
        error: why there is no completion, in one line; None where there is one.
    """

    replicate: int
    text: str
    reasoning: str = ""
    finish: str = "stop"
    logprob: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    latency_s: float = 0.0
    error: str | None = None
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Vote:
    """A sample as a strategy sees it: what it answered, never whether that is right.

    Attributes:
        answer: the parsed answer; None (a class of its own) where the text holds none.
        logprob: mean log-probability of its tokens in nats; -inf where it is not known.
        text: the completion, without its reasoning.
        tokens: of the completion, reasoning included.
        marks: what the task's objectives that need no reference say of it, 0 to 1 each, in the task's order.
        rating: what a selector thinks of it, the higher the better; NaN before it was asked.
        reasoning_tokens: the part of `tokens` that went into reasoning.
    """

    answer: str | None
    logprob: float = float("-inf")
    text: str = ""
    tokens: int = 0
    marks: tuple[float, ...] = ()
    rating: float = float("nan")
    reasoning_tokens: int = 0
