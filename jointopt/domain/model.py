"""A model: where it is, how it decodes, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float = 0.0
    output_usd: float = 0.0

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars for so many tokens."""
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / 1e6


@dataclass(frozen=True, slots=True)
class Model:
    """An endpoint with its decoding settings and price.

    Attributes:
        id: the name in the study, a trial parameter's choice.
        endpoint: ``embedded/micro``, or any model name that LiteLLM knows (``openai/gpt-4o-mini``).
        price: per million tokens; None asks the provider's price map.
        max_tokens: the longest completion, in tokens. Also the worst price that the ledger reserves.
        base_url: an OpenAI-compatible server; None for the vendor's own.
        key_env: the environment variable that holds the key; the key itself is never kept.
        extra: further body fields, sent as they are.
    """

    id: str
    endpoint: str
    price: Price | None = None
    max_tokens: int = 512
    base_url: str | None = None
    key_env: str | None = None
    concurrency: int = 16
    extra: Mapping[str, object] = field(default_factory=dict)
