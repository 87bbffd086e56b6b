"""Right when the letter of a multiple choice is the same."""

import re

from jointopt.errors import GraderError
from jointopt.grading.base import Grader


class Choice(Grader):
    """The last letter of a multiple choice that stands alone, as in ``(b)`` or ``Answer: B``.

    Args:
        letters: the letters that can be chosen.
    """

    def __init__(self, letters: str = "ABCDE") -> None:
        if not letters.strip():
            raise GraderError("letters is empty", mend="write those that can be chosen, e.g. ABCDE")
        self.letters = letters.upper()
        any_letter = f"[{re.escape(self.letters)}{re.escape(self.letters.lower())}]"
        self._marked = re.compile(rf"(?:answer|choice|option)\s*(?:is|:)?\s*\(?({any_letter})\b", re.IGNORECASE)
        self._alone = re.compile(rf"(?<![\w'])\(?([{re.escape(self.letters)}])\)?(?![\w'])")

    def parse(self, text: str) -> str | None:
        """The capital letter: one that is called the answer before one that only stands alone."""
        bare = text.strip(" .()\n")
        if len(bare) == 1 and bare.upper() in self.letters:
            return bare.upper()
        found = self._marked.findall(text) or self._alone.findall(text)
        return found[-1].upper() if found else None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 when the letters are the same."""
        return float(answer is not None and answer == self.parse(reference))
