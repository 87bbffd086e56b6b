"""A vendor's reply in the form of the OpenAI API, read into samples. It does not know how the reply was got."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jointopt.domain import Price, Request, Sample

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
        output = _shares(self._output_tokens(choices), [_length(choice) for choice in choices])
        bill = zip(choices, [self._input_tokens()] + [0] * len(choices), output, strict=False)
        return [
            Sample(
                replicate=number,
                text=choice.message.content or "",
                reasoning=getattr(choice.message, "reasoning_content", None) or "",
                finish=_FINISHES.get(choice.finish_reason, "stop"),
                logprob=_mean_logprob(choice),
                input_tokens=input_tokens,
                output_tokens=output_tokens,
                cost_usd=price.of(input_tokens, output_tokens),
                latency_s=self.latency_s,
            )
            for number, (choice, input_tokens, output_tokens) in enumerate(bill)
        ]

    def _input_tokens(self) -> int:
        """The bill's; where a server sends none, the upper bound, so that the budget's promise holds."""
        usage = getattr(self.body, "usage", None)
        return int(getattr(usage, "prompt_tokens", 0) or 0) or most_input_tokens(self.request)

    def _output_tokens(self, choices: Sequence[Any]) -> int:
        usage = getattr(self.body, "usage", None)
        billed = int(getattr(usage, "completion_tokens", 0) or 0)
        longest = self.request.model.max_tokens
        return billed or sum(min(len((choice.message.content or "").encode()), longest) for choice in choices)


def _tokens(choice: Any) -> list[Any]:
    return list(getattr(getattr(choice, "logprobs", None), "content", None) or ())


def _length(choice: Any) -> int:
    """The choice's length as far as it is told: all are 1 where no tokens are listed."""
    return len(_tokens(choice)) or 1


def _mean_logprob(choice: Any) -> float | None:
    values = [float(token.logprob) for token in _tokens(choice) if token.logprob is not None]
    mean = sum(values) / len(values) if values else math.nan
    return mean if math.isfinite(mean) else None


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total in proportion to weights; they sum to it."""
    ends = [total * sum(weights[: end + 1]) // sum(weights) for end in range(len(weights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
