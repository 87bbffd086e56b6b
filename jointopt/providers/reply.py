"""A vendor's reply in the form of the OpenAI API, read into samples. It does not know how the reply was got."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jointopt.domain import Price, Request, Sample
from jointopt.providers.prices import writing_usd
from jointopt.providers.usage import Usage, read_usage

_FINISHES = {"length": "length", "content_filter": "filter"}
_PER_MESSAGE = 16  # tokens that a chat template may put around a message, generously


def most_input_tokens(request: Request) -> int:
    """An upper bound on a prompt's tokens: no token is shorter than a byte."""
    return sum(len(message.content.encode()) + _PER_MESSAGE for message in request.messages) + _PER_MESSAGE


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply: some choices, one bill."""

    request: Request
    body: Any
    latency_s: float

    def samples(self, most: int, price: Price) -> list[Sample]:
        """At most `most` samples, numbered from 0, that carry the whole bill between them."""
        choices = list(self.body.choices or ())[:most]
        parts = self._usage(choices).split([_length(choice) for choice in choices])
        paired = enumerate(zip(choices, parts, strict=True))
        return [self._sample(number, choice, part, price) for number, (choice, part) in paired]

    def _sample(self, number: int, choice: Any, part: Usage, price: Price) -> Sample:
        writing = writing_usd(self.request.model.endpoint, price, part.written_tokens, part.hour_tokens)
        return Sample(
            replicate=number,
            text=_text(choice),
            reasoning=_reasoning(choice),
            finish=_FINISHES.get(choice.finish_reason, "stop"),
            logprob=_mean_logprob(choice),
            input_tokens=part.input_tokens,
            output_tokens=part.output_tokens,
            cost_usd=price.of(part.input_tokens, part.output_tokens, part.cached_tokens) + writing,
            latency_s=self.latency_s,
            cached_tokens=part.cached_tokens,
            reasoning_tokens=part.reasoning_tokens,
        )

    def _usage(self, choices: Sequence[Any]) -> Usage:
        """The bill's; where a server sends none, upper bounds, so that the budget's promise holds."""
        usage = read_usage(getattr(self.body, "usage", None), self.request.model.endpoint)
        longest = self.request.model.max_tokens
        most = sum(min(len((_reasoning(choice) + _text(choice)).encode()), longest) for choice in choices)
        input_tokens = usage.input_tokens or most_input_tokens(self.request)
        return replace(usage, input_tokens=input_tokens, output_tokens=usage.output_tokens or most)


def _text(choice: Any) -> str:
    return choice.message.content or ""


def _reasoning(choice: Any) -> str:
    return getattr(choice.message, "reasoning_content", None) or ""


def _tokens(choice: Any) -> list[Any]:
    return list(getattr(getattr(choice, "logprobs", None), "content", None) or ())


def _length(choice: Any) -> int:
    """The choice's length as far as it is told: all are 1 where no tokens are listed."""
    return len(_tokens(choice)) or 1


def _mean_logprob(choice: Any) -> float | None:
    values = [float(token.logprob) for token in _tokens(choice) if token.logprob is not None]
    mean = sum(values) / len(values) if values else math.nan
    return mean if math.isfinite(mean) else None
