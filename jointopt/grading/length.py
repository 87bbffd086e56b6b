"""How short a completion is: an objective that needs no reference."""

from typing import ClassVar

from jointopt.errors import GraderError
from jointopt.grading.base import Grader


class Length(Grader):
    """1 up to so many words, and then less and less.

    Args:
        words: that still count as short.
        zero: words from which on the mark is 0; left out, twice as many.
    """

    needs_truth: ClassVar[bool] = False

    def __init__(self, words: int = 50, zero: int | None = None) -> None:
        self.words, self.zero = words, 2 * words if zero is None else zero
        if words < 0 or self.zero <= words:
            mend = "write words: 50, zero: 100"
            raise GraderError(f"words is {words} and zero is {self.zero}", where="zero", mend=mend)

    def parse(self, text: str) -> str | None:
        """The number of words."""
        return str(len(text.split()))

    def grade(self, answer: str | None, reference: str) -> float:
        """On a straight line from 1 at `words` to 0 at `zero`; the reference is not looked at."""
        if answer is None:
            return 0.0
        beyond = int(answer) - self.words
        return min(1.0, max(0.0, 1 - beyond / (self.zero - self.words)))
