"""A document becomes a typed study file, or an error that names the line. It does not know what the keys mean."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails

from jointopt.config.document import Document, Place
from jointopt.config.file import StudyFile
from jointopt.config.terms import Section
from jointopt.errors import StudyFileError
from jointopt.grading import GRADERS

_LONGEST = 60  # characters of a value that a message shows
M = TypeVar("M", bound=BaseModel)

_MENDS = {
    "missing": "add it",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "finite_number": "write a finite number",
    "string_type": "write a text; put it in quotes",
    "greater_than_equal": "write {ge:g} or more",
    "greater_than": "write more than {gt:g}",
    "less_than_equal": "write {le:g} or less",
    "less_than": "write less than {lt:g}",
    "literal_error": "write {expected}",
    "dict_type": "write `name: ...` lines below it",
    "model_type": "write `key: ...` lines below it",
    "too_short": "name one at least",
    "string_pattern_mismatch": "use letters, digits and _, no digit first",
}


def check_file(document: Document) -> StudyFile:
    """The study file's values, typed and with their defaults.

    Raises:
        StudyFileError: something is unknown, missing or out of range; the first in the file.
    """
    file = _checked(document, (), StudyFile, document.values)
    grader = file.task.grader
    _checked(document, ("task", "grader"), _options_of(grader.name), grader.options)
    return file


def _options_of(grader: str) -> type[BaseModel]:
    """A model of the arguments that a grader takes, so that its options are checked like every other key."""
    kind = GRADERS[grader]
    hints = get_type_hints(kind.__init__)
    given = {
        name: (hints.get(name, Any), ... if option.default is inspect.Parameter.empty else option.default)
        for name, option in inspect.signature(kind).parameters.items()
    }
    fields: dict[str, Any] = given
    return create_model(f"{kind.__name__}Options", __base__=Section, **fields)


def _checked(document: Document, place: Place, kind: type[M], values: Mapping[str, object]) -> M:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = min(error.errors(), key=lambda details: _line(document, _place(place, details)))
        raise _refuse(document, _place(place, first), first) from None


def _place(outer: Place, details: ErrorDetails) -> Place:
    key = details.get("ctx", {}).get("key")
    inner = tuple(part for part in details["loc"] if part != "[key]")
    return (*outer, *inner, *([str(key)] if key else []))


def _line(document: Document, place: Place) -> int:
    """Where a value stands; what is missing from the file comes after all that is there."""
    return document.lines.get(place, 1_000_000)


def _refuse(document: Document, place: Place, details: ErrorDetails) -> StudyFileError:
    context = details.get("ctx", {})
    if details["type"] == "study":
        return StudyFileError(context["message"], where=document.where(place), mend=context["mend"])
    mend = _MENDS.get(details["type"], "see `jointopt schema`").format(**context)
    if details["type"] == "missing":
        return StudyFileError(f"no {str(place[-1])!r} is given", where=document.where(place), mend=mend)
    value = repr(details["input"])
    shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    return StudyFileError(f"{shown} will not do", where=document.where(place), mend=mend)
