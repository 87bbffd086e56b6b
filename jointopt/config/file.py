"""The study file, key by key: what may stand in it, and what each key means. It opens no other file."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from jointopt.config.terms import (
    KEY_MEND,
    Ascending,
    EachOnce,
    Listed,
    Name,
    Seconds,
    Section,
    Text,
    is_secret,
    nearest,
    refusal,
)
from jointopt.grading import GRADERS
from jointopt.strategies import STRATEGIES

FEWEST = 2  # examples in either half, so that a spread can be told


class GraderEntry(Section):
    """Who decides whether an answer is right, with its options."""

    name: str = Field(json_schema_extra={"enum": [*sorted(GRADERS)]})
    """`exact`, `numeric` or `choice`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the grader takes, e.g. `after: "answer:"`."""

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in GRADERS:
            raise refusal(f"unknown grader {name!r}", nearest(name, GRADERS))
        return name


def _grader(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping) and "options" not in value:
        return {"name": value.get("name", ""), "options": {k: v for k, v in value.items() if k != "name"}}
    return value


class TaskEntry(Section):
    """The examples, and who grades them."""

    data: str
    """A JSONL, CSV or Parquet file, beside the study file."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Which column is which: `question` and `answer` (the reference), `id` where there is one. Prompts may also show
    every other column, by its own name."""
    sealed: Annotated[int, Field(ge=FEWEST)] | Annotated[float, Field(gt=0, lt=1)] = 0.4
    """How many examples the search never sees: a share (0.4) or a number (40). They are drawn by the seed."""
    grader: Annotated[GraderEntry, BeforeValidator(_grader, json_schema_input_type=str | dict[str, Any])] = GraderEntry(
        name="exact"
    )
    """A grader's name, or a mapping of `name` and its options: `{name: exact, after: "answer:"}`."""

    @field_validator("sealed", mode="before")
    @classmethod
    def _share_or_number(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not (0 < value < 1 or (value >= FEWEST and value == int(value))):
            raise refusal(f"{value!r} is neither a share nor a number of examples", "write 0.4, or 2 or more")
        return value


class PromptEntry(Section):
    """A prompt, written here or in a file of its own."""

    file: str | None = None
    """A text file; a line `---` in it parts the system line from the user turn."""
    system: Text = ""
    """The system line."""
    user: Text = ""
    """The user turn."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.file is not None and (self.system or self.user):
            raise refusal("has a file and a text", "keep `file`, or `system` and `user`")
        if self.file is None and not self.user.strip():
            raise refusal("the prompt is empty", "write what the model is asked, e.g. '{question}'")
        return self


def _prompt(value: Any) -> Any:
    return {"user": value or ""} if value is None or isinstance(value, str) else value


class PriceEntry(Section):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    """Of the prompt."""
    output: float = Field(ge=0)
    """Of the completion."""


def _price(value: Any) -> Any:
    if value == 0 and not isinstance(value, bool):
        return {"input": 0, "output": 0}
    if value is not None and not isinstance(value, Mapping | PriceEntry):
        raise refusal(f"{value!r} is no price", "write `{input: 0.15, output: 0.60}` (USD per million tokens) or 0")
    return value


class ModelEntry(Section):
    """A model: where it is, how it decodes, and what it costs."""

    endpoint: str
    """`embedded/micro`, or provider/model as LiteLLM names it: `openai/gpt-4o-mini`."""
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
    extra: dict[str, Any] = Field(default_factory=dict)
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

    @field_validator("extra")
    @classmethod
    def _no_secrets(cls, extra: dict[str, Any]) -> dict[str, Any]:
        inside = [extra, *(value for value in extra.values() if isinstance(value, dict))]
        for key in (key for mapping in inside for key in mapping):
            if is_secret(str(key)):
                raise refusal(f"{str(key)!r} would hold a secret", KEY_MEND)
        return extra


def _model(value: Any) -> Any:
    return {"endpoint": value} if isinstance(value, str) else value


class PreferenceEntry(Section):
    """What counts, and how much: utility = quality - cost_usd x USD - tokens x 1,000 tokens - latency_s x seconds."""

    quality: float = Field(default=1.0, ge=0)
    """Weight of the score."""
    cost_usd: float = Field(default=0.0, ge=0)
    """Score points that one US dollar per question is worth."""
    tokens: float = Field(default=0.0, ge=0)
    """Score points that 1,000 tokens per question are worth."""
    latency_s: float = Field(default=0.0, ge=0)
    """Score points that one second per question is worth."""


class BudgetEntry(Section):
    """What the study may spend at most; at least one limit."""

    calls: int | None = Field(default=None, ge=1)
    """Completions."""
    tokens: int | None = Field(default=None, ge=1)
    """Tokens, input and output together."""
    usd: float | None = Field(default=None, ge=0)
    """US dollars."""
    wall_clock: Seconds | None = None
    """Time, e.g. `10m`."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if not self.given():
            raise refusal("sets no limit", "set one at least: `budget: {calls: 1000}`")
        return self


def _strategy(name: str) -> str:
    if name not in STRATEGIES:
        raise refusal(f"unknown strategy {name!r}", nearest(name, STRATEGIES))
    return name


StrategyName = Annotated[
    str, BeforeValidator(lambda name: _strategy(str(name))), Field(json_schema_extra={"enum": [*sorted(STRATEGIES)]})
]
PromptChoice = Annotated[PromptEntry, BeforeValidator(_prompt, json_schema_input_type=str | PromptEntry)]
ModelChoice = Annotated[ModelEntry, BeforeValidator(_model, json_schema_input_type=str | ModelEntry)]
Slot = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Options = Annotated[dict[Name, Text], Field(min_length=1)]


class StudyFile(Section):
    """A study: which prompts, models, strategies and numbers of samples to choose from, and what may be spent."""

    name: Name
    """What the study is called in its storage."""
    task: TaskEntry
    """The examples, and who grades them."""
    prompts: Annotated[
        dict[Name, PromptChoice],
        BeforeValidator(lambda prompts: prompts, json_schema_input_type=str | dict[str, str | PromptEntry]),
        Field(min_length=1),
    ]
    """Prompts by name, or a pattern of files: `prompts/*.md`. `{question}` shows a field of the example, `{tone}` an
    option of a slot. The first is the default."""
    slots: dict[Slot, Options] = Field(default_factory=dict)
    """Parts of prompts that are chosen on their own: `{tone: {polite: "Please.", bare: ""}}`, shown by `{tone}`."""
    models: Annotated[dict[Name, ModelChoice], Field(min_length=1)]
    """Models by name: an endpoint, or a mapping. The first is the default."""
    strategies: Annotated[tuple[StrategyName, ...], Listed, EachOnce, Field(min_length=1)] = tuple(STRATEGIES)
    """How n samples become one answer."""
    n: Annotated[tuple[Annotated[int, Field(ge=1, strict=True)], ...], Listed, Ascending, Field(min_length=1)]
    """Numbers of samples to choose from."""
    temperatures: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Listed, EachOnce, Field(min_length=1)] = (1.0,)
    """Sampling temperatures to choose from."""
    preference: PreferenceEntry = PreferenceEntry()
    """What counts besides quality."""
    budget: BudgetEntry
    """What may be spent."""
    trials: int | None = Field(default=None, ge=1)
    """Policies to try at most; left out: until the budget is spent."""
    sampler: Literal["tpe"] = "tpe"
    """Who suggests the next policy."""
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    """Of the split, the sampler and the requests."""
    storage: str = "sqlite:///jointopt.db"
    """Where everything is kept: an SQLAlchemy URL; an SQLite path begins at the study file's folder."""

    @field_validator("storage")
    @classmethod
    def _url(cls, url: str) -> str:
        if not re.match(r"\w[\w+]*://", url):
            raise refusal("is no database URL", "write sqlite:///study.db or postgresql://host/name")
        return url


def schema() -> dict[str, Any]:
    """The JSON Schema of a study file, for editors."""
    return StudyFile.model_json_schema()
