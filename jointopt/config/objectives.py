"""What answers are marked for, and by which graders. Each is made once, so that a bad one is refused at its line."""

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, BeforeValidator, Field, create_model, field_validator

from jointopt.config.check import checked
from jointopt.config.document import Document, Place
from jointopt.config.terms import Section, nearest, refusal
from jointopt.errors import GraderError, StudyFileError
from jointopt.grading import GRADERS, Grader, Rubric, build


class GraderEntry(Section):
    """Who decides whether an answer is right, with its options."""

    name: str = Field(json_schema_extra={"anyOf": [{"enum": [*sorted(GRADERS)]}, {"pattern": ":"}]})
    """A grader of jointopt, or one of your own: `package.module:Class`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the grader takes, e.g. `after: "answer:"`."""

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in GRADERS and ":" not in name:
            raise refusal(f"unknown grader {name!r}", nearest(name, GRADERS))
        return name


def _grader(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping) and "options" not in value:
        return {"name": value.get("name", ""), "options": {k: v for k, v in value.items() if k != "name"}}
    return value


GraderChoice = Annotated[GraderEntry, BeforeValidator(_grader, json_schema_input_type=str | dict[str, Any])]
"""A grader's name, or a mapping of its name and options."""


def read_rubric(document: Document, entries: Mapping[str, tuple[Place, GraderEntry]]) -> Rubric:
    """The graders of a task.

    Args:
        document: the study file, to say where something is.
        entries: by objective, each with its place in the study file.

    Raises:
        StudyFileError: a grader that cannot be made.
    """
    return Rubric({name: _make(document, place, entry) for name, (place, entry) in entries.items()})


def _make(document: Document, place: Place, entry: GraderEntry) -> Grader:
    written = (*place, "options")
    place = written if written in document.lines else place
    if entry.name in GRADERS:
        checked(document, place, _options_of(GRADERS[entry.name]), entry.options, strict=True)
    try:
        return build(entry.name, entry.options)
    except GraderError as error:
        inside = (*place, error.where) if error.where in entry.options else place
        raise StudyFileError(error.message, where=document.where(inside), mend=error.mend) from None


def _options_of(kind: type[Grader]) -> type[BaseModel]:
    """A model of the arguments that a grader takes, so that its options are checked like every other key."""
    hints = get_type_hints(kind.__init__)
    given = {
        name: (hints.get(name, Any), ... if option.default is inspect.Parameter.empty else option.default)
        for name, option in inspect.signature(kind).parameters.items()
    }
    fields: dict[str, Any] = given
    return create_model(f"{kind.__name__}Options", __base__=Section, **fields)
