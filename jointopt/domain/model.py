"""A model: where it is, how it decodes, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens.

    Attributes:
        input_usd: of the prompt.
        output_usd: of the completion, reasoning included.
        cached_usd: of the part of a prompt that the vendor still has from an earlier request; None where it bills that
            like the rest.
    """

    input_usd: float = 0.0
    output_usd: float = 0.0
    cached_usd: float | None = None

    def of(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0) -> float:
        """US dollars for so many tokens; the cached ones are a part of the input."""
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        fresh = input_tokens - cached_tokens
        return (fresh * self.input_usd + cached_tokens * cached_usd + output_tokens * self.output_usd) / 1e6


@dataclass(frozen=True, slots=True)
class Mode:
    """How hard a model is to think: its reasoning switches under one name.

    Attributes:
        id: the name in the study, a trial parameter's choice.
        system: put before the prompt's system line.
        max_tokens: the longest completion in tokens, reasoning included; None leaves the model's own.
        extra: further body fields, such as ``reasoning_effort``; they win over the model's own.
        by_model: what the mode is instead for some models, by id.
    """

    id: str
    system: str = ""
    max_tokens: int | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    by_model: Mapping[str, "Mode"] = field(default_factory=dict)

    def apply(self, model: "Model") -> "Model":
        """The model with this mode's limits and body fields."""
        mode = self.by_model.get(model.id, self)
        return replace(model, max_tokens=mode.max_tokens or model.max_tokens, extra=_joined(model.extra, mode.extra))

    def line(self, model: "Model") -> str:
        """What is put before the system line for a model."""
        return self.by_model.get(model.id, self).system


def _joined(under: Mapping[str, object], over: Mapping[str, object]) -> Mapping[str, object]:
    """Both mappings; where both hold a mapping under one name (``extra_body``), those are joined too."""
    joined = {**under, **over}
    for name in under.keys() & over.keys():
        below, above = under[name], over[name]
        if isinstance(below, Mapping) and isinstance(above, Mapping):
            joined[name] = _joined(below, above)
    return joined


@dataclass(frozen=True, slots=True)
class Model:
    """An endpoint with its decoding settings and price.

    Attributes:
        id: the name in the study, a trial parameter's choice.
        endpoint: ``embedded/micro``, ``replay/<file>``, or any model name that LiteLLM knows (``openai/gpt-4o-mini``).
        price: per million tokens; None asks the provider's price map.
        max_tokens: the longest completion, in tokens. Also the worst price that the ledger reserves.
        base_url: an OpenAI-compatible server; None for the vendor's own.
        key_env: the environment variable that holds the key; the key itself is never kept.
        extra: further body fields, sent as they are.
        folder: where a file that the endpoint names is looked for; no part of a request's identity.
    """

    id: str
    endpoint: str
    price: Price | None = None
    max_tokens: int = 512
    base_url: str | None = None
    key_env: str | None = None
    concurrency: int = 16
    extra: Mapping[str, object] = field(default_factory=dict)
    folder: Path = field(default=Path(), compare=False)
