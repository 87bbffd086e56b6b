"""A vendor's reply in the form of the OpenAI API, read into samples. It does not know how the reply was got."""

import math
from dataclasses import dataclass, replace
from typing import Any

from jointopt.domain import Price, Request, Sample
from jointopt.providers.prices import writing_usd
from jointopt.providers.usage import Usage, read_usage

_FINISHES = {"length": "length", "content_filter": "filter"}
_PER_MESSAGE = 16  # tokens that a chat template may put around a message, generously


def most_input_tokens(request: Request) -> int:
    """An upper bound on a prompt's tokens: no token is shorter than a byte."""
    return sum(_bytes(message.content) + _PER_MESSAGE for message in request.messages) + _PER_MESSAGE


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply: some choices, one bill.

    Attributes:
        request: what was asked.
        body: what came, as mappings and lists, or as the objects that LiteLLM makes of them.
        latency_s: from asking to the whole answer.
        wait_s: how long the server asks to wait before the next request; None where it says nothing.
    """

    request: Request
    body: Any
    latency_s: float
    wait_s: float | None = None

    @property
    def choices(self) -> list[Any]:
        """What was chosen, as the server wrote it; empty where it is out of shape."""
        choices = part(self.body, "choices")
        if not isinstance(choices, list) or not all(part(choice, "message") is not None for choice in choices):
            return []
        return choices

    def samples(self, most: int, price: Price) -> list[Sample]:
        """At most `most` samples, numbered from 0, that carry the whole bill between them."""
        choices = self.choices[:most]
        parts = self._usage().split([_length(choice) for choice in choices])
        paired = enumerate(zip(choices, parts, strict=True))
        return [self._sample(number, choice, share, price) for number, (choice, share) in paired]

    def _sample(self, number: int, choice: Any, share: Usage, price: Price) -> Sample:
        writing = writing_usd(self.request.model.endpoint, price, share.written_tokens, share.hour_tokens)
        return Sample(
            replicate=number,
            text=_text(choice),
            reasoning=_reasoning(choice),
            finish=_FINISHES.get(str(part(choice, "finish_reason")), "stop"),
            logprob=_mean_logprob(choice),
            input_tokens=share.input_tokens,
            output_tokens=share.output_tokens,
            cost_usd=price.of(*share.billed, requests=int(number == 0)) + writing,
            latency_s=self.latency_s,
            cached_tokens=share.cached_tokens,
            reasoning_tokens=share.reasoning_tokens,
        )

    def _usage(self) -> Usage:
        """The bill's; where a server sends none, upper bounds, so that the budget's promise holds."""
        usage = read_usage(part(self.body, "usage"), self.request.model.endpoint)
        if usage.input_tokens and usage.output_tokens:
            return usage
        longest = self.request.model.max_tokens
        most = sum(min(_bytes(_reasoning(choice) + _text(choice)), longest) for choice in self.choices)
        input_tokens = usage.input_tokens or most_input_tokens(self.request)
        return replace(usage, input_tokens=input_tokens, output_tokens=usage.output_tokens or most)


def part(holder: Any, *path: str) -> Any:
    """What stands at the end of a path through mappings and objects; None where there is nothing."""
    for name in path:
        holder = holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)
    return holder


def _text(choice: Any) -> str:
    """What was said; some servers say it in parts."""
    content = part(choice, "message", "content")
    pieces = content if isinstance(content, list) else [{"text": content}]
    return "".join(_string(part(piece, "text")) for piece in pieces)


def _reasoning(choice: Any) -> str:
    message = part(choice, "message")
    return _string(part(message, "reasoning_content")) or _string(part(message, "reasoning"))


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))  # a reply that is cut off may end in half a letter


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tokens(choice: Any) -> list[Any]:
    tokens = part(choice, "logprobs", "content")
    return tokens if isinstance(tokens, list) else []


def _length(choice: Any) -> int:
    """The choice's length as far as it is told: all are 1 where no tokens are listed."""
    return len(_tokens(choice)) or 1


def _mean_logprob(choice: Any) -> float | None:
    values = [part(token, "logprob") for token in _tokens(choice)]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    mean = sum(numbers) / len(numbers) if numbers else math.nan
    return mean if math.isfinite(mean) else None
