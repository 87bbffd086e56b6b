"""Right when the words are the same."""

import re

from jointopt.grading.base import Grader


class Exact(Grader):
    """The same text, apart from case, white space and the punctuation around it.

    Args:
        after: the answer is what follows the last of these marks (``answer:``), to the end of its line; a text
            without the mark holds no answer. Empty: the whole text is the answer.
    """

    def __init__(self, after: str = "") -> None:
        self.after = after

    def parse(self, text: str) -> str | None:
        """The normalised answer."""
        if self.after:
            place = text.lower().rfind(self.after.lower())
            if place < 0:
                return None
            text = text[place + len(self.after) :].strip().partition("\n")[0]
        return _normalise(text) or None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 when the normalised texts are the same."""
        return float(answer is not None and answer == _normalise(reference))


def _normalise(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .,;:!?\"'*`()[]").casefold()
