"""What an answer is marked for: the task's objectives, each with its grader; the first one is the score."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from jointopt.domain import Preference
from jointopt.errors import GraderError
from jointopt.grading.base import Grader

SCORE = "score"  # what the only objective of a task is called


class Rubric:
    """Reads and marks completions.

    Args:
        graders: by objective. The first one reads the answer that strategies vote on; the others read for themselves.

    Attributes:
        names: of the objectives.
        free: those that need no reference: strategies may see what they say.
    """

    def __init__(self, graders: Mapping[str, Grader]) -> None:
        self.graders = dict(graders)
        self.names = tuple(graders)
        self.free = tuple(name for name, grader in self.graders.items() if not grader.needs_truth)
        self._reader = next(iter(self.graders.values()))

    @classmethod
    def of(cls, grader: Grader) -> "Rubric":
        """A rubric of one objective."""
        return cls({SCORE: grader})

    def weights(self, preference: Preference) -> tuple[float, ...]:
        """What the objectives that need no reference are worth under a preference, in the task's order."""
        by_name = {self.names[0]: preference.quality} | dict(preference.objectives)
        return tuple(by_name.get(name, 0.0) for name in self.free)

    def parse(self, text: str) -> str | None:
        """The answer in a completion; None where there is none."""
        with _told(self._reader):
            return self._reader.parse(text)

    def free_marks(self, text: str) -> tuple[float, ...]:
        """What the objectives that need no reference say of a completion, 0 to 1 each, in the task's order."""
        return tuple(self._mark(name, text, "") for name in self.free)

    def marks(self, text: str, reference: str) -> tuple[float, ...]:
        """What every objective says of a completion, 0 to 1 each, in the task's order."""
        return tuple(self._mark(name, text, reference) for name in self.names)

    def read(self, texts: Iterable[str], reference: str) -> dict[str, tuple[str | None, tuple[float, ...]]]:
        """The answer in each of some completions for one question, and its marks as of `marks`.

        Each text is parsed once, and each answer graded once.
        """
        with _told(self._reader):
            answers = {text: self._reader.parse(text) for text in texts}
        scores = {answer: self._grade(self._reader, answer, reference) for answer in dict.fromkeys(answers.values())}
        further = self.names[1:]
        return {
            text: (answer, (scores[answer], *(self._mark(name, text, reference) for name in further)))
            for text, answer in answers.items()
        }

    def _mark(self, name: str, text: str, reference: str) -> float:
        grader = self.graders[name]
        with _told(grader):
            answer = grader.parse(text)
        return self._grade(grader, answer, reference)

    def _grade(self, grader: Grader, answer: str | None, reference: str) -> float:
        with _told(grader):
            mark = grader.grade(answer, reference)
            if not 0 <= mark <= 1:
                raise GraderError(f"grades with {mark!r}", where=type(grader).__qualname__, mend="return 0 to 1")
            return mark


@contextmanager
def _told(grader: Grader) -> Iterator[None]:
    """Whatever a user's own grader raises, with its name."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:
        told, mend = f"failed: {type(error).__name__}: {error}", "mend the grader; samples that arrived are kept"
        raise GraderError(told, where=type(grader).__qualname__, mend=mend) from error
