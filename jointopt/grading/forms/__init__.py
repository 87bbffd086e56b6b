r"""Answers that are equal and not identical, brought to one way of writing. A new form is one file and one line here.

A form takes a text and returns it rewritten, or None where the text is not of its kind. Forms are applied one after the
other, each to what the last one left: ``[latex, fraction, unit]`` makes ``\frac{3}{4}`` and ``0.75`` the same.
"""

from collections.abc import Callable, Sequence

from jointopt.errors import GraderError
from jointopt.grading.forms.dates import date
from jointopt.grading.forms.latex import boxed, latex
from jointopt.grading.forms.letters import letter
from jointopt.grading.forms.numbers import fraction, number
from jointopt.grading.forms.units import unit
from jointopt.plugins import find

Form = Callable[[str], str | None]

FORMS: dict[str, Form] = {
    "date": date,
    "fraction": fraction,
    "latex": latex,
    "letter": letter,
    "number": number,
    "unit": unit,
}

__all__ = ["FORMS", "Form", "boxed", "find_form", "rewrite"]


def find_form(name: str) -> Form:
    """A form by its name, or a user's own function by its dotted path, ``package.module:function``.

    Raises:
        GraderError: there is none.
    """
    if name in FORMS:
        return FORMS[name]
    mend = f"use {', '.join(FORMS)}, or package.module:function of something that can be imported"
    if ":" not in name:
        raise GraderError(f"unknown form {name!r}", where="forms", mend=mend)
    try:
        own = find(name)
    except ImportError as error:
        raise GraderError(str(error), where="forms", mend=mend) from error
    if not callable(own):
        raise GraderError(f"{name} is no function", where="forms", mend=mend)

    def checked(text: str) -> str | None:
        try:
            found = own(text)
        except Exception as error:
            told = f"{name} failed: {type(error).__name__}: {error}"
            raise GraderError(told, where="forms", mend="mend the function; samples that arrived are kept") from error
        if found is None or isinstance(found, str):
            return found
        raise GraderError(f"{name} returned {found!r}", where="forms", mend="return a text, or None")

    return checked


def rewrite(text: str, forms: Sequence[Form]) -> str:
    """The text after every form that knows it."""
    for form in forms:
        found = form(text)
        text = text if found is None else found
    return text
