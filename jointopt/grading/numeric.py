"""Right when the number is the same."""

import math
import re
from fractions import Fraction

from jointopt.errors import GraderError
from jointopt.grading.base import Grader
from jointopt.grading.forms.latex import latex
from jointopt.grading.forms.numbers import read_ratio

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|-?\.\d+")

_RATIO = re.compile(rf"-?(?:\d+\s+)?\d+\s*/\s*\d+\s*%?|(?:{_NUMBER.pattern})\s*%?")

_EXACT = 1e15  # below it a float still knows every integer


class Numeric(Grader):
    r"""The last number of the text, within a tolerance of the reference.

    Args:
        after: read only what follows the last of these marks, where the text has one.
        tolerance: the largest difference that still counts as right, relative to the reference.
        fractions: also read 3/4, 1 1/2, 75% and LaTeX's \frac{3}{4}.
    """

    def __init__(self, after: str = "", tolerance: float = 1e-6, *, fractions: bool = False) -> None:
        if not tolerance >= 0:
            raise GraderError(f"tolerance is {tolerance}", mend="write 0 or more, e.g. 0.01 for one percent")
        self.after, self.tolerance, self.fractions = after, tolerance, fractions

    def parse(self, text: str) -> str | None:
        """The number in its shortest form, so that 1,200.0 and 1200 are one answer."""
        if self.after:
            place = text.lower().rfind(self.after.lower())
            text = text[place + len(self.after) :] if place >= 0 else text
        if self.fractions:
            return _last_ratio(text)
        found = _NUMBER.findall(text)
        return _shorten(found[-1]) if found else None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 when the numbers agree; a reference that holds no number is never met."""
        truth = Numeric(fractions=self.fractions).parse(reference)
        if answer is None or truth is None:
            return 0.0
        return float(math.isclose(float(answer), float(truth), rel_tol=self.tolerance, abs_tol=1e-12))


def _last_ratio(text: str) -> str | None:
    found = [match[0] for match in _RATIO.finditer(latex(text) or text)]
    values = [value for ratio in found if (value := read_ratio(ratio)) is not None]
    return _shorten(repr(_float(values[-1]))) if values else None


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:  # beyond 1e308
        return math.inf if value > 0 else -math.inf


def _shorten(number: str) -> str:
    value = float(number.replace(",", ""))
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
