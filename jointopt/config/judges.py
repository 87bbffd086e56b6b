"""Judges in the study file: models that mark answers without knowing the truth."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from jointopt.config.document import Document
from jointopt.config.models import ModelChoice, ModelEntry, as_model, is_recorded
from jointopt.config.prompts import PromptChoice, PromptEntry, read_prompt
from jointopt.config.terms import Name, Section, nearest
from jointopt.domain import Judge, Model, Scalar
from jointopt.domain.prompt import fill
from jointopt.errors import StudyFileError
from jointopt.strategies import OBJECTIVES, SELECTORS

_PROMPT = """\
Question:
{question}

Answer to be marked:
{answer}

How likely is this answer to be right? Give a mark from 0 (surely wrong) to {best} (surely right). Reply with the mark \
alone, one number and nothing else."""


def _kind(value: Any) -> str:
    """Whether a judge's model is named, or described: an endpoint has a slash, a name has none."""
    return "[id]" if isinstance(value, str) and "/" not in value else "[own]"


class JudgeEntry(Section):
    """A model that marks answers, for strategies to choose by: `{best_of: {by: [<the judge's name>]}}`."""

    model: Annotated[
        Annotated[Name, Tag("[id]")] | Annotated[ModelChoice, Tag("[own]")],
        Discriminator(_kind),
        BeforeValidator(lambda model: model, json_schema_input_type=str | ModelEntry),
    ]
    """Who judges: a name of `models`, or a model of its own, written as they are."""
    prompt: PromptChoice | None = None
    """What it is asked, or `{file: ...}`: shows `{answer}`, the completion to mark, and fields of the example such as
    `{question}`; asks for one number from 0 to `best`. Left out, a prompt that serves most tasks."""
    best: float = Field(default=10.0, gt=0)
    """The highest mark."""
    temperature: float = Field(default=0.0, ge=0)
    """Of sampling."""


def read_judges(document: Document, entries: Mapping[str, JudgeEntry], models: Mapping[str, Model]) -> dict[str, Judge]:
    """The judges by id, with the texts of their prompts.

    Raises:
        StudyFileError: a name that is taken, an unknown model, a prompt that cannot be read or does not show the
            answer, a recorded model, or a judge that says the same as another.
    """
    judges: dict[str, Judge] = {}
    for name, entry in entries.items():
        where = document.where(("judges", name))
        if name in SELECTORS or name == OBJECTIVES:
            raise StudyFileError("is what a built-in selector is called", where=where, mend="rename the judge")
        judge = _judge(document, name, entry, models)
        for other in judges.values():
            if _nameless(judge) == _nameless(other):
                raise StudyFileError(f"says the same as {other.id!r}", where=where, mend="keep one of the two")
        judges[name] = judge
    return judges


def refuse_idle(
    document: Document, judges: Mapping[str, Judge], strategies: Mapping[str, Mapping[str, tuple[Scalar, ...]]]
) -> None:
    """Refuse a judge that no strategy asks: it would be a choice that changes nothing.

    Raises:
        StudyFileError: there is one.
    """
    asked = {by for options in strategies.values() for by in options.get("by", ())}
    for name in judges:
        if name not in asked:
            mend = f"let one choose by it, `best_of: {{by: {name}}}`, or take the judge out"
            raise StudyFileError("no strategy asks this judge", where=document.where(("judges", name)), mend=mend)


def _judge(document: Document, name: str, entry: JudgeEntry, models: Mapping[str, Model]) -> Judge:
    place = ("judges", name, "prompt")
    best = f"{entry.best:g}"
    written = entry.prompt or PromptEntry(user=fill(_PROMPT, {"best": best}))
    prompt = read_prompt(document, place, name, written)
    if "answer" not in prompt.places():
        mend = "write {answer} where the completion to be marked stands"
        raise StudyFileError("does not show {answer}", where=document.where(place), mend=mend)
    model = _model(document, name, entry.model, models)
    if is_recorded(model):
        where, mend = document.where(("judges", name, "model")), "name one that can be asked, e.g. embedded/nano"
        raise StudyFileError(f"{model.endpoint!r} is a recorded table: it holds no verdicts", where=where, mend=mend)
    return Judge(name, model, prompt, entry.best, entry.temperature)


def _model(document: Document, name: str, model: str | ModelEntry, models: Mapping[str, Model]) -> Model:
    if isinstance(model, ModelEntry):
        id = f"judge:{name}"
        if id in models:
            mend = f"rename it: so is the model of the judge {name!r}"
            raise StudyFileError(f"{id!r} is taken", where=document.where(("models", id)), mend=mend)
        return as_model(id, model, document.shelf)
    if model not in models:
        where = document.where(("judges", name, "model"))
        mend = f"{nearest(model, models)}; or write an endpoint, e.g. openai/gpt-4o-mini"
        raise StudyFileError(f"unknown model {model!r}", where=where, mend=mend)
    return models[model]


def _nameless(judge: Judge) -> Judge:
    prompt = replace(judge.prompt, id="")
    return replace(judge, id="", model=replace(judge.model, id=""), prompt=prompt)
