"""Is this answer right? A new grader is one file and one line here."""

from jointopt.grading.base import Grader
from jointopt.grading.choice import Choice
from jointopt.grading.exact import Exact
from jointopt.grading.numeric import Numeric

GRADERS: dict[str, type[Grader]] = {"choice": Choice, "exact": Exact, "numeric": Numeric}

__all__ = ["GRADERS", "Grader"]
