"""Whether a completion looks as it should: an objective that needs no reference."""

import re
from typing import ClassVar

from jointopt.errors import GraderError
from jointopt.grading.base import Grader


class Pattern(Grader):
    """1 where a regular expression is found in the completion, else 0. The dot matches line ends too.

    Args:
        pattern: in Python's syntax. One that backtracks without end is the writer's own risk.
    """

    needs_truth: ClassVar[bool] = False

    def __init__(self, pattern: str) -> None:
        try:
            self._pattern = re.compile(pattern, re.DOTALL)
        except re.error as error:
            mend = "mend the regular expression; in YAML, write it in single quotes"
            raise GraderError(f"{pattern!r} is no pattern: {error}", where="pattern", mend=mend) from None

    def parse(self, text: str) -> str | None:
        """What was found; None where nothing was."""
        found = self._pattern.search(text)
        return found[0] if found else None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 where something was found; the reference is not looked at."""
        return float(answer is not None)
