"""Models in the study file: where each is, how it decodes, what it costs. It asks none of them."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from jointopt.config.document import Document
from jointopt.config.terms import KEY_MEND, Section, is_secret, refusal
from jointopt.domain import Model, Price
from jointopt.errors import StudyFileError

_REPLAY = "replay"


class PriceEntry(Section):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    """Of the prompt."""
    output: float = Field(ge=0)
    """Of the completion."""
    cached_input: float | None = Field(default=None, ge=0)
    """Of the part of a prompt that the vendor still has from an earlier request; left out, it costs like the rest."""

    @model_validator(mode="after")
    def _cached_is_cheaper(self) -> Self:
        if self.cached_input is not None and self.cached_input > self.input:
            message = f"{self.cached_input:g} is more than {self.input:g}, the price of a prompt that is not cached"
            raise refusal(message, f"write {self.input:g} or less", key="cached_input")
        return self


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
    key_env: str | None = None
    """The environment variable that holds the key."""
    concurrency: int = Field(default=16, ge=1)
    """How many requests may be under way at once."""
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
        if url is not None and not re.fullmatch(r"https?://[^\s@]+", url):
            raise refusal("is no plain http address", "write http://host:port/v1, with no name or password in it")
        return url

    @field_validator("key_env")
    @classmethod
    def _variable(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", name):
            raise refusal("is no name of an environment variable (not shown)", KEY_MEND)
        return name


def _model(value: Any) -> Any:
    return {"endpoint": value} if isinstance(value, str) else value


ModelChoice = Annotated[ModelEntry, BeforeValidator(_model, json_schema_input_type=str | ModelEntry)]
"""A model as a mapping, or its endpoint alone."""


def as_model(name: str, entry: ModelEntry, folder: Path) -> Model:
    """The model that an entry of a study file in this folder describes."""
    price = entry.price
    return Model(
        id=name,
        endpoint=entry.endpoint,
        price=Price(price.input, price.output, price.cached_input) if price else None,
        max_tokens=entry.max_tokens,
        base_url=entry.base_url,
        key_env=entry.key_env,
        concurrency=entry.concurrency,
        extra=entry.extra,
        folder=folder,
    )


def digest_tables(document: Document, models: Mapping[str, Model]) -> dict[str, str]:
    """The sha256 of every recorded table by the model that it stands for: other answers are another study.

    Raises:
        StudyFileError: a table is not where the endpoint says.
    """
    digests: dict[str, str] = {}
    for name, model in models.items():
        kind, _, file = model.endpoint.partition("/")
        if kind != _REPLAY:
            continue
        try:
            digests[name] = sha256((model.folder / file).read_bytes()).hexdigest()
        except OSError as error:
            told = f"the recorded table {file!r} cannot be read: {error.strerror}"
            where = document.where(("models", name))
            raise StudyFileError(told, where=where, mend="name a file beside the study file") from None
    return digests
