"""Models in the study file: where each is, how it decodes, what it costs. It asks none of them."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from jointopt.config.document import Document
from jointopt.config.shelf import Shelf
from jointopt.config.terms import KEY_MEND, Seconds, Section, is_secret, listed, refusal
from jointopt.domain import Model, Price
from jointopt.errors import StudyFileError
from jointopt.providers.clients import VENDORS

_REPLAY = "replay/"
_DECISIVE = "endpoint", "price", "max_tokens", "base_url", "key_env", "concurrency", "extra"
_MOST_AT_ONCE = 100  # requests


class PriceEntry(Section):
    """US dollars per million tokens, and per request."""

    input: float = Field(ge=0)
    """Of the prompt."""
    output: float = Field(ge=0)
    """Of the completion."""
    cached_input: float | None = Field(default=None, ge=0)
    """Of the part of a prompt that the vendor still has from an earlier request; left out, it costs like the rest."""
    reasoning: float | None = Field(default=None, ge=0)
    """Of the part of a completion that went into reasoning; left out, it costs like the rest."""
    request: float | None = Field(default=None, ge=0)
    """Of a request, whatever its tokens: US dollars, not per million."""

    @model_validator(mode="after")
    def _cached_is_cheaper(self) -> Self:
        if self.cached_input is not None and self.cached_input > self.input:
            message = f"{self.cached_input:g} is more than {self.input:g}, the price of a prompt that is not cached"
            raise refusal(message, f"write {self.input:g} or less", key="cached_input")
        return self

    def as_price(self) -> Price:
        """The price that this entry describes."""
        return Price(self.input, self.output, self.cached_input, self.reasoning, self.request or 0.0)


def _variable(name: Any) -> Any:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", name):
        raise refusal("is no name of an environment variable (not shown)", KEY_MEND)
    return name


Variable = Annotated[str, BeforeValidator(_variable, json_schema_input_type=str)]
"""The name of an environment variable."""
_PATHS = re.compile(r"/(chat(/completions)?|completions|models)/?$")  # what belongs to a request, not to an address


def _price(value: Any) -> Any:
    if value == 0 and not isinstance(value, bool):
        return {"input": 0, "output": 0}
    if value is not None and not isinstance(value, Mapping | PriceEntry):
        raise refusal(f"{value!r} is no price", "write `{input: 0.15, output: 0.60}` (USD per million tokens) or 0")
    return value


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    for key in _keys(fields):
        if is_secret(key):
            raise refusal(f"{key!r} would hold a secret", KEY_MEND)
    inside = fields.get("extra_body")
    for key in [*fields, *(inside if isinstance(inside, Mapping) else ())]:
        if key in _SET_ELSEWHERE:
            raise refusal(f"{key!r} is set elsewhere", _SET_ELSEWHERE[key])
    return fields


def _keys(value: object) -> Iterator[str]:
    """The keys of a mapping and of all that is inside it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


# What the ledger reserves and the pool counts: a body field of the same name would break the budget's promise.
_SET_ELSEWHERE = {
    "max_completion_tokens": "write `max_tokens: ...` beside it, not in it",
    "max_tokens": "write `max_tokens: ...` beside it, not in it",
    "messages": "write a prompt, or the system line of a mode",
    "model": "write it as the `endpoint` of a model",
    "n": "write the study's `n: [...]`",
    "stream": "take it out: completions are read whole",
    "api_base": "write `base_url: ...` beside it, not in it",
    "base_url": "write it beside it, not in it",
    "timeout": "write `timeout: ...` beside it, not in it",
    "max_retries": "write `patience: ...` beside it, not in it",
    "num_retries": "write `patience: ...` beside it, not in it",
    "caching": "take it out: equal requests are to give different samples",
    "mock_response": "take it out: the model itself is to answer",
}
Body = Annotated[dict[str, Any], AfterValidator(_body)]
"""Fields of a request's body, as they are; no secrets, and nothing that the study sets elsewhere."""


class ModelEntry(Section):
    """A model: where it is, how it decodes, and what it costs."""

    endpoint: str
    """`embedded/micro`, `replay/<file>` (answers recorded in a file beside the study file), or provider/model as
    LiteLLM names it: `openai/gpt-4o-mini`."""
    price: Annotated[PriceEntry | None, BeforeValidator(_price, json_schema_input_type=PriceEntry | float | None)] = (
        None
    )
    """USD per million tokens, or 0; left out, LiteLLM's price list is asked."""
    max_tokens: int = Field(default=512, ge=1)
    """The longest completion, in tokens."""
    base_url: str | None = None
    """An OpenAI-compatible server, e.g. `http://localhost:8000/v1`."""
    client: Literal["auto", "litellm", "direct"] = "auto"
    """How requests travel: `direct`, over HTTP to what speaks OpenAI's API, or through `litellm`; `auto` takes direct
    where the endpoint is known to speak it."""
    key_env: Annotated[tuple[Variable, ...], listed(str)] = ()
    """The environment variable that holds the key; several take turns."""
    concurrency: int | None = Field(default=None, ge=1)
    """How many requests may be under way at once, at most; left out, 100. It begins with fewer, and falls where a
    server says that it is too much."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """A limit of the endpoint's, kept by all workers of the study together."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Likewise, of prompts and the longest completions."""
    timeout: Seconds = 120.0
    """How long one attempt may take, e.g. `30s`."""
    patience: Seconds = 900.0
    """How long a request is tried again where the server is busy, e.g. `15m`."""
    extra: Body = Field(default_factory=dict)
    """Further fields of the request's body, sent as they are."""

    @field_validator("endpoint")
    @classmethod
    def _shape(cls, endpoint: str) -> str:
        if not re.fullmatch(r"[A-Za-z][\w-]*/[^\s/]\S*", endpoint):
            raise refusal(f"{endpoint!r} is no endpoint", "write provider/model, e.g. openai/gpt-4o-mini")
        return endpoint

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s@?#]+", url):
            raise refusal("is no plain http address", "write http://host:port/v1, with no name or password in it")
        if url is not None and (found := _PATHS.search(url)):
            raise refusal(f"ends in {found[0]!r}, which is added to it", f"write {url[: found.start()]}")
        if url is not None and not _is_host(url):
            raise refusal(f"{url!r} names no host", "write http://host:port/v1")
        return url

    @model_validator(mode="after")
    def _direct_where(self) -> Self:
        vendor = self.endpoint.partition("/")[0]
        if self.client == "direct" and not self.base_url and vendor not in VENDORS:
            mend = f"write base_url, or one of {', '.join(VENDORS)} as the endpoint's first part, or `client: litellm`"
            raise refusal(f"'direct' does not know where {vendor!r} is", mend, key="client")
        return self


def as_decisive(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a model decides a study's result, as the first version wrote it: not how requests travel.

    Args:
        entry: the model as JSON knows it.
    """
    keys = entry["key_env"]
    told = {**entry, "key_env": keys[0] if len(keys) == 1 else keys, "concurrency": entry.get("concurrency", 16)}
    return {name: told[name] for name in _DECISIVE if told.get(name) not in (None, [])}


def _is_host(url: str) -> bool:
    """Whether an address has a host and a port that can be reached at all."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0
    except ValueError:
        return False


def _model(value: Any) -> Any:
    return {"endpoint": value} if isinstance(value, str) else value


ModelChoice = Annotated[ModelEntry, BeforeValidator(_model, json_schema_input_type=str | ModelEntry)]
"""A model as a mapping, or its endpoint alone."""


def as_model(name: str, entry: ModelEntry, shelf: Shelf) -> Model:
    """The model that an entry of a study file describes; a file that it names is on the shelf."""
    price = entry.price
    return Model(
        id=name,
        endpoint=entry.endpoint,
        price=price.as_price() if price else None,
        max_tokens=entry.max_tokens,
        base_url=entry.base_url,
        client=entry.client,
        key_envs=entry.key_env,
        concurrency=entry.concurrency or _MOST_AT_ONCE,
        requests_per_minute=entry.requests_per_minute,
        tokens_per_minute=entry.tokens_per_minute,
        timeout_s=entry.timeout,
        patience_s=entry.patience,
        extra=entry.extra,
        read_file=shelf.look_up,
    )


def is_recorded(model: Model) -> bool:
    """Whether a model is a recorded table, which knows what was asked then and nothing else."""
    return model.endpoint.startswith(_REPLAY)


def digest_tables(document: Document, models: Mapping[str, Model]) -> dict[str, str]:
    """The sha256 of every recorded table by the model that it stands for: other answers are another study.

    Raises:
        StudyFileError: a table is not where the endpoint says.
    """
    digests: dict[str, str] = {}
    for name, model in models.items():
        if not is_recorded(model):
            continue
        file = model.endpoint.removeprefix(_REPLAY)
        try:
            digests[name] = sha256(document.shelf.read(file)).hexdigest()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            told = f"the recorded table {file!r} cannot be read: {reason}"
            where = document.where(("models", name))
            raise StudyFileError(told, where=where, mend="name a file beside the study file") from None
    return digests
