"""The study file, key by key: what may stand in it, and what each key means. It opens no other file."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from jointopt.config.document import Place
from jointopt.config.judges import JudgeEntry
from jointopt.config.models import ModelChoice
from jointopt.config.modes import ModeEntry
from jointopt.config.objectives import GraderChoice, GraderEntry
from jointopt.config.preferences import PreferenceEntry, PreferencesEntry
from jointopt.config.prompts import KindredChoice, KindredEntry
from jointopt.config.strategies import DEFAULT, Strategies
from jointopt.config.terms import Ascending, EachOnce, Name, OrNone, Seconds, Section, Text, listed, nearest, refusal
from jointopt.domain import OnError
from jointopt.grading.rubric import SCORE

FEWEST = 2  # examples in either half, so that a spread can be told


class TaskEntry(Section):
    """The examples, and who grades them."""

    data: str
    """A JSONL, CSV or Parquet file, beside the study file."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Which column is which: `question` and `answer` (the reference), `id` where there is one. Prompts may also show
    every other column, by its own name."""
    sealed: Annotated[int, Field(ge=FEWEST)] | Annotated[float, Field(gt=0, lt=1)] = 0.4
    """How many examples the search never sees: a share (0.4) or a number (40). They are drawn by the seed."""
    grader: GraderChoice | None = None
    """Who says whether an answer is right: a grader's name, or a mapping of `name` and its options: `{name: exact,
    after: "answer:"}`. Left out, with no `objectives`: `exact`."""
    objectives: Annotated[dict[Name, GraderChoice], Field(min_length=1)] | None = None
    """Several graders by name, instead of `grader`. The first is the score: it reads the answer that strategies vote
    on. The others have their weights in `preference.objectives`."""

    @model_validator(mode="before")
    @classmethod
    def _one_score(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        given = [key for key in ("grader", "objectives") if values.get(key) is not None]
        if len(given) > 1:
            raise refusal("stands beside `objectives`", "keep one: the first objective is the score", key="grader")
        return values if given else {**values, "grader": "exact"}

    @field_validator("sealed", mode="before")
    @classmethod
    def _share_or_number(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not (0 < value < 1 or (value >= FEWEST and value == int(value))):
            raise refusal(f"{value!r} is neither a share nor a number of examples", "write 0.4, or 2 or more")
        return value

    def graders(self) -> dict[str, tuple[Place, GraderEntry]]:
        """The task's graders by objective, each with its place in the study file."""
        if self.grader:
            return {SCORE: (("task", "grader"), self.grader)}
        return {name: (("task", "objectives", name), entry) for name, entry in (self.objectives or {}).items()}


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


class WarmStartEntry(Section):
    """Another study of the same task, under other prompts, models or numbers of samples."""

    study: Name
    """Its name."""
    storage: str | None = None
    """Where it is kept: an SQLAlchemy URL, or the path of an SQLite file; left out: in this study's storage."""


def _named(value: Any) -> Any:
    return {"study": value} if isinstance(value, str) else value


SamplerName = Literal["tpe", "joint", "psst", "psst_k", "triple", "uniform", "random", "grid", "nsga2", "gp"]


def _known(name: Any) -> Any:
    if isinstance(name, str) and name not in get_args(SamplerName):
        raise refusal(f"unknown sampler {name!r}", nearest(name, get_args(SamplerName)))
    return name


Count = Annotated[int, Field(ge=1, strict=True)]
Temperature = Annotated[float, Field(ge=0)]
Slot = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Options = Annotated[dict[Name, Text], Field(min_length=1)]


class StudyFile(Section):
    """A study: which prompts, models, strategies and numbers of samples to choose from, and what may be spent."""

    name: Name
    """What the study is called in its storage."""
    task: TaskEntry
    """The examples, and who grades them."""
    prompts: Annotated[
        dict[Name, KindredChoice],
        BeforeValidator(lambda prompts: prompts, json_schema_input_type=str | dict[str, str | KindredEntry]),
        Field(min_length=1),
    ]
    """Prompts by name, or a pattern of files: `prompts/*.md`. `{question}` shows a field of the example, `{tone}` an
    option of a slot. The first is the default."""
    slots: dict[Slot, Options] = Field(default_factory=dict)
    """Parts of prompts that are chosen on their own: `{tone: {polite: "Please.", bare: ""}}`, shown by `{tone}`."""
    models: Annotated[dict[Name, ModelChoice], Field(min_length=1)]
    """Models by name: an endpoint, or a mapping. The first is the default."""
    modes: Annotated[dict[Name, ModeEntry] | None, OrNone] = None
    """How hard a model is to think, by name: `{fast: {reasoning_effort: low}, deep: {reasoning_effort: high}}`. The
    first is the default."""
    strategies: Strategies = {name: {} for name in DEFAULT}  # noqa: RUF012 - pydantic copies it
    """How at most n samples become one answer: names, or names with options. An option with several choices is chosen
    like everything else: `[single, majority, {early_stop: {window: [4, 8]}}, {best_of: {by: [logprob, length]}}]`."""
    judges: Annotated[dict[Name, JudgeEntry] | None, OrNone] = None
    """Models that mark answers, by name, for strategies to choose by: `{best_of: {by: careful}}`."""
    n: Annotated[tuple[Count, ...], listed(Count), Ascending, Field(min_length=1)]
    """Numbers of samples to choose from."""
    temperatures: Annotated[tuple[Temperature, ...], listed(Temperature), EachOnce, Field(min_length=1)] = (1.0,)
    """Sampling temperatures to choose from."""
    preference: PreferenceEntry = PreferenceEntry()
    """What counts besides quality."""
    preferences: Annotated[PreferencesEntry | None, OrNone] = None
    """Further preferences that the study answers for, from the same samples: a grid of weights."""
    budget: BudgetEntry
    """What may be spent."""
    trials: int | None = Field(default=None, ge=1)
    """Policies to try at most; left out: until the budget is spent."""
    sampler: Annotated[SamplerName, BeforeValidator(_known, json_schema_input_type=SamplerName)] = "tpe"
    """Who suggests the next policy."""
    on_error: OnError | None = None
    """What becomes of a sample that cannot be had, however often it is asked for: `stop` (the default) and `skip` ask
    for another in its place, and stop the study where more than 5% (skip: half) of a block's requests fail; `wrong`
    counts it as a wrong answer."""
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    """Of the split, the sampler and the requests."""
    storage: str = "sqlite:///jointopt.db"
    """Where everything is kept: an SQLAlchemy URL; an SQLite path begins at the study file's folder."""

    warm_start: Annotated[
        WarmStartEntry | None, BeforeValidator(_named, json_schema_input_type=str | WarmStartEntry | None)
    ] = None
    """A study to begin with: its samples serve where requests are the same, and what was best there is tried first."""

    @field_validator("storage")
    @classmethod
    def _url(cls, url: str) -> str:
        if not re.match(r"\w[\w+]*://", url):
            raise refusal("is no database URL", "write sqlite:///study.db or postgresql://host/name")
        return url


def schema() -> dict[str, Any]:
    """The JSON Schema of a study file, for editors."""
    return StudyFile.model_json_schema()
