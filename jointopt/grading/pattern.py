"""Whether a completion looks as it should: an objective that needs no reference."""

import re
import time
from typing import ClassVar

from jointopt.errors import GraderError
from jointopt.grading.base import Grader
from jointopt.grading.patience import search

_PATIENCE_S, _QUICK_S = 5.0, 0.01  # for all slow completions together; one that takes less is not slow


class Pattern(Grader):
    """1 where a regular expression is found in the completion, else 0. The dot matches line ends too.

    Args:
        pattern: in Python's syntax. One that backtracks without end is given up: it may come with a stranger's bundle.
    """

    needs_truth: ClassVar[bool] = False

    def __init__(self, pattern: str) -> None:
        try:
            self._pattern = re.compile(pattern, re.DOTALL)
        except re.error as error:
            mend = "mend the regular expression; in YAML, write it in single quotes"
            raise GraderError(f"{pattern!r} is no pattern: {error}", where="pattern", mend=mend) from None
        self._left_s = _PATIENCE_S

    def parse(self, text: str) -> str | None:
        """What was found; None where nothing was.

        Raises:
            GraderError: the completions take the pattern too long.
        """
        began = time.monotonic()
        try:
            found = search(self._pattern, text, self._left_s)
        except TimeoutError:
            told, mend = f"{self._pattern.pattern!r:.80} backtracks without end", "mend the regular expression"
            raise GraderError(told, where="pattern", mend=mend) from None
        took = time.monotonic() - began
        if took > _QUICK_S:
            self._left_s = max(_QUICK_S, self._left_s - took)
        return found[0] if found else None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 where something was found; the reference is not looked at."""
        return float(answer is not None)
