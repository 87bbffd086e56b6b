"""Right when the words are the same."""

import re
from collections.abc import Sequence
from functools import lru_cache

from jointopt.grading.base import Grader
from jointopt.grading.forms import boxed, find_form, rewrite


class Exact(Grader):
    r"""The same text, apart from case, white space and the punctuation around it, and from how its forms write it.

    Args:
        after: the answer is what follows the last of these marks (``answer:``), to the end of its line; a text
            without the mark holds no answer. Empty: the whole text is the answer.
        forms: ways to write that count as equal, in the order in which they are applied: date, fraction, latex, letter,
            number, unit, or ``package.module:function``. With latex among them, what stands in the last ``\boxed{}``
            is the answer where there is one.
    """

    def __init__(self, after: str = "", forms: Sequence[str] = ()) -> None:
        self.after, self.boxes = after, "latex" in forms
        self.forms = [find_form(form) for form in forms]

    def parse(self, text: str) -> str | None:
        """The answer, in the one way in which equal answers are written."""
        found = self._find(text)
        return None if found is None else self._same(found) or None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 when they are written the same."""
        return float(answer is not None and answer == self._same(reference))

    def _find(self, text: str) -> str | None:
        if self.boxes and (inside := boxed(text)) is not None:
            return inside
        if not self.after:
            return text
        place = text.lower().rfind(self.after.lower())
        return text[place + len(self.after) :].strip().partition("\n")[0] if place >= 0 else None

    def _same(self, text: str) -> str:
        bare = text.strip().rstrip(".,;!? ") if self.forms else text
        return _normalise(rewrite(bare, self.forms))


@lru_cache(maxsize=100_000)  # answers repeat: among samples, between vote and mark, and the reference always
def _normalise(text: str) -> str:
    bare = re.sub(r"\s+", " ", text).casefold()
    for _ in range(_LAYERS):
        bare = _without_edges(bare)
    return re.sub(r"\s*([,()\[\]])\s*", r"\1", bare) if _partner(bare) else bare


def _without_edges(text: str) -> str:
    """Without punctuation at its edges, and without brackets that say nothing: those of (1, 2] do."""
    text = text.strip(" .,;:!?\"'*`")
    first, last = _partner(text), _partner(text[::-1].translate(_TURNED))
    if first == len(text) - 1 and not _marks(text[1:-1]):
        return text[1:-1]
    return text[first == _LONE : len(text) - (last == _LONE)]


_LAYERS = 4  # of brackets and quotes around an answer, at most
_LONE = -1
_TURNED = str.maketrans("()[]", ")(][")
_MARK = re.compile(r"\d|infinity|∞")


def _marks(inside: str) -> bool:
    """Whether brackets around this belong to it: a point, or an interval."""
    parts = inside.split(",")
    return len(parts) > 1 and all(map(_MARK.search, parts))


def _partner(text: str) -> int | None:
    """Where the bracket closes that the text begins with; `_LONE` where it does not, None where it begins with none."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth <= 0:
            return place if place else None
    return _LONE if text else None
