"""Builds the graders that a study names."""

import importlib
from collections.abc import Mapping

from jointopt.errors import GraderError
from jointopt.grading.base import Grader
from jointopt.grading.choice import Choice
from jointopt.grading.exact import Exact
from jointopt.grading.length import Length
from jointopt.grading.numeric import Numeric
from jointopt.grading.pattern import Pattern

GRADERS: dict[str, type[Grader]] = {
    "choice": Choice,
    "exact": Exact,
    "length": Length,
    "numeric": Numeric,
    "pattern": Pattern,
}


def build(name: str, options: Mapping[str, object]) -> Grader:
    """A grader by its name, or a user's own by its dotted path, ``package.module:Class``.

    Raises:
        GraderError: there is none, or its options make no sense.
    """
    kind = GRADERS.get(name) or find_grader(name)
    try:
        return kind(**options)
    except TypeError as error:
        raise GraderError(f"{name}: {error}", mend="check the options of the grader") from None


def find_grader(path: str) -> type[Grader]:
    """A user's own grader.

    Raises:
        GraderError: nothing stands there, or no grader.
    """
    module, _, name = path.partition(":")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        known = ", ".join(GRADERS)
        mend = f"use one of {known}, or package.module:Class of something that can be imported"
        raise GraderError(f"unknown grader {path!r}: {error}", mend=mend) from None
    if not isinstance(kind, type) or not issubclass(kind, Grader):
        raise GraderError(f"{path} is no Grader", mend="derive it from jointopt.grading.Grader")
    return kind
