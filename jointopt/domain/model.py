"""A model: where it is, how it decodes, and what it costs."""

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, and per request.

    Attributes:
        input_usd: of the prompt.
        output_usd: of the completion.
        cached_usd: of the part of a prompt that the vendor still has from an earlier request; None where it bills that
            like the rest.
        reasoning_usd: of the part of a completion that went into reasoning; None where that is billed like the rest.
        request_usd: of a request, whatever its tokens; not per million.
    """

    input_usd: float = 0.0
    output_usd: float = 0.0
    cached_usd: float | None = None
    reasoning_usd: float | None = None
    request_usd: float = 0.0

    def of(
        self,
        input_tokens: float,
        output_tokens: float,
        cached_tokens: float = 0,
        reasoning_tokens: float = 0,
        *,
        requests: float = 0,
    ) -> float:
        """US dollars for so many tokens and requests; cached ones are a part of the input, reasoning of the output."""
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        reasoning_usd = self.output_usd if self.reasoning_usd is None else self.reasoning_usd
        prompt = (input_tokens - cached_tokens) * self.input_usd + cached_tokens * cached_usd
        completion = (output_tokens - reasoning_tokens) * self.output_usd + reasoning_tokens * reasoning_usd
        return (prompt + completion) / 1e6 + requests * self.request_usd

    def most(self, input_tokens: float, output_tokens: float, *, requests: float) -> float:
        """The most that so many tokens and requests may cost, whatever of them is cached or reasoning."""
        prompt = max(self.of(1, 0), self.of(1, 0, 1))
        completion = max(self.of(0, 1), self.of(0, 1, 0, 1))
        return input_tokens * prompt + output_tokens * completion + requests * self.request_usd


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a model's requests take, in place of what was measured.

    Attributes:
        times: as many times as long.
        seconds: always so long; None keeps what was measured.
    """

    times: float = 1.0
    seconds: float | None = None

    def of(self, measured_s: float) -> float:
        """Seconds of a request that took so long."""
        return self.times * measured_s if self.seconds is None else self.seconds


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


def _no_file(name: str) -> bytes:
    raise FileNotFoundError(errno.ENOENT, "No such file", name)


@dataclass(frozen=True, slots=True)
class Model:
    """An endpoint with its decoding settings and price.

    Attributes:
        id: the name in the study, a trial parameter's choice.
        endpoint: ``embedded/micro``, ``replay/<file>``, or any model name that LiteLLM knows (``openai/gpt-4o-mini``).
        price: per million tokens; None asks the provider's price map.
        max_tokens: the longest completion, in tokens. Also the worst price that the ledger reserves.
        client: how requests travel: ``litellm``, ``direct`` (over HTTP, to what speaks OpenAI's API), or ``auto``; no
            part of a request's identity.
        base_url: an OpenAI-compatible server; None for the vendor's own.
        key_envs: the environment variables that hold keys, used in turn; the keys themselves are never kept.
        concurrency: requests under way at once, at most.
        requests_per_minute: at most, for all workers of a study together; None is no limit.
        tokens_per_minute: likewise, of prompts and the longest completions.
        timeout_s: of one attempt.
        patience_s: from the first attempt of a request to the beginning of its last.
        extra: further body fields, sent as they are.
        read_file: gives what is in a file that the endpoint names; no part of a request's identity.
    """

    id: str
    endpoint: str
    price: Price | None = None
    max_tokens: int = 512
    client: str = "auto"
    base_url: str | None = None
    key_envs: tuple[str, ...] = ()
    concurrency: int = 100
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_s: float = 120.0
    patience_s: float = 900.0
    extra: Mapping[str, object] = field(default_factory=dict)
    read_file: Callable[[str], bytes] = field(default=_no_file, compare=False, repr=False)
