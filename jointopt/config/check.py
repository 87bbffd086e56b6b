"""A document becomes a typed section, or an error that names the line. It does not know what the keys mean."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jointopt.config.document import Document, Place
from jointopt.config.terms import TAGS
from jointopt.errors import StudyFileError

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
    "bool_type": "write true or false",
    "list_type": "write a list: `[...]`",
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


def checked(
    document: Document, place: Place, kind: type[M], values: Mapping[str, object], *, strict: bool = False
) -> M:
    """The values at a place of the document, typed and with their defaults; strictly, no text stands for a number.

    Raises:
        StudyFileError: something is unknown, missing or out of range; the first in the file.
    """
    try:
        return kind.model_validate(values, strict=strict)
    except ValidationError as error:
        first = min(error.errors(), key=lambda details: _line(document, _place(place, details)))
        raise _refuse(document, _place(place, first), first) from None


def _place(outer: Place, details: ErrorDetails) -> Place:
    key = details.get("ctx", {}).get("key")
    inner = tuple(part for part in details["loc"] if part not in TAGS)
    return (*outer, *inner, *([] if key is None else [key]))


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
