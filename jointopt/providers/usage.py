"""How many tokens a vendor bills a reply for, read from the ``usage`` that LiteLLM hands on.

It is counted as OpenAI counts: what a prompt cache held, and what was written into one, are parts of the prompt;
reasoning is a part of the completion. LiteLLM brings Anthropic, Bedrock, DeepSeek and Gemini to that, and xAI where it
talks to it itself. Two kinds of reply remain that would be billed at less than the vendor bills them:

- reasoning that only the total counts (xAI and Gemini behind an OpenAI-compatible server, OCI): whatever the total
  holds beyond the prompt is output;
- reasoning that even the total leaves out (Perplexity's deep research): a part that is larger than the whole is not in
  it, and is added.

Anthropic's reasoning is LiteLLM's estimate from the thoughts shown where the vendor does not say it. It does not know
prices.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

_COUNTS_REASONING_APART = "sonar-deep-research"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply; 0 where nothing is said.

    Attributes:
        input_tokens: of the prompt.
        cached_tokens: the part of the prompt that the vendor still had.
        written_tokens: the part of the prompt that it put into its cache now, for whatever time.
        hour_tokens: the part of those written that it keeps for an hour.
        output_tokens: of all completions together.
        reasoning_tokens: the part of the output that went into reasoning.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0
    hour_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def billed(self) -> tuple[int, int, int, int]:
        """What has a price: input, output, and the parts of them that were cached and went into reasoning."""
        return self.input_tokens, self.output_tokens, self.cached_tokens, self.reasoning_tokens

    def split(self, lengths: Sequence[int]) -> list["Usage"]:
        """One part for each completion, which sum to the whole: the first has all of the prompt, and each has output
        and reasoning in proportion to its length.
        """
        if len(lengths) == 1:
            return [self]
        outputs = _shares(self.output_tokens, lengths)
        thoughts = _shares(self.reasoning_tokens, outputs)  # by output, so that no share is larger than that
        prompts = [self] + [Usage()] * len(lengths)
        return [
            replace(prompt, output_tokens=output, reasoning_tokens=reasoning)
            for prompt, output, reasoning in zip(prompts, outputs, thoughts, strict=False)
        ]


def read_usage(usage: Any, endpoint: str) -> Usage:
    """What was used. Every part lies within its whole, whatever the server says.

    Args:
        usage: of the reply, as an object or a mapping; None where the server sends none.
        endpoint: of the model.
    """
    prompt = _count(usage, "prompt_tokens")
    cached = min(_count(usage, "prompt_tokens_details", "cached_tokens"), prompt)
    written = min(_written(usage), prompt - cached)
    detail = "prompt_tokens_details", "cache_creation_token_details", "ephemeral_1h_input_tokens"
    output = _count(usage, "completion_tokens")
    if prompt:
        output = max(output, _count(usage, "total_tokens") - prompt)
    reasoning = _count(usage, "completion_tokens_details", "reasoning_tokens")
    if reasoning > output or _COUNTS_REASONING_APART in endpoint:
        output += reasoning
    return Usage(prompt, cached, written, min(_count(usage, *detail), written), output, reasoning)


def _written(usage: Any) -> int:
    """OpenAI and Anthropic name it differently; LiteLLM's older versions know Anthropic's name only."""
    names = "cache_write_tokens", "cache_creation_tokens"
    return max(_count(usage, "prompt_tokens_details", name) for name in names)


def _count(holder: Any, *path: str) -> int:
    """The number at the end of a path through mappings and objects; 0 where there is none, or none that makes sense."""
    for name in path:
        holder = holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)
    sensible = isinstance(holder, int | float) and math.isfinite(holder) and holder > 0
    return int(holder) if sensible else 0


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total in proportion to weights; they sum to it."""
    ends = [total * sum(weights[: end + 1]) // (sum(weights) or 1) for end in range(len(weights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
