"""Builds the graders that a study names."""

from collections.abc import Mapping

from jointopt.errors import GraderError
from jointopt.grading.base import Grader
from jointopt.grading.choice import Choice
from jointopt.grading.exact import Exact
from jointopt.grading.length import Length
from jointopt.grading.numeric import Numeric
from jointopt.grading.pattern import Pattern
from jointopt.plugins import find

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
    except GraderError:
        raise
    except TypeError as error:
        raise GraderError(f"{name}: {error}", mend="check the options of the grader") from None
    except Exception as error:  # a user's own class may raise anything
        told = f"{name} cannot be made: {type(error).__name__}: {error}"
        raise GraderError(told, mend="check its options, or mend the class") from error


def find_grader(path: str) -> type[Grader]:
    """A user's own grader.

    Raises:
        GraderError: nothing stands there, or no grader.
    """
    mend = f"use one of {', '.join(GRADERS)}, or package.module:Class, with the module beside the "
    mend += "study file or where PYTHONPATH says"
    if ":" not in path:
        raise GraderError(f"unknown grader {path!r}", mend=mend)
    try:
        kind = find(path)
    except ImportError as error:
        raise GraderError(str(error), mend=mend) from error
    if not isinstance(kind, type) or not issubclass(kind, Grader):
        raise GraderError(f"{path} is no Grader", mend="derive it from jointopt.grading.Grader")
    return kind
