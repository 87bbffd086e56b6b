"""What every grader is: it reads the answer in a completion, and knows whether that answer is right."""

from abc import ABC, abstractmethod
from typing import ClassVar


class Grader(ABC):
    """Reads answers and marks them."""

    needs_truth: ClassVar[bool] = True  # False: it marks a completion without its reference, so strategies may see it

    @abstractmethod
    def parse(self, text: str) -> str | None:
        """The answer in a completion, in a form in which equal answers are equal strings; None where there is none."""

    @abstractmethod
    def grade(self, answer: str | None, reference: str) -> float:
        """The score of a parsed answer, 0 to 1. No answer scores 0."""
