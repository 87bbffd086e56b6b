"""Is this answer right? A new grader is one file, and one line in `build`."""

from jointopt.grading.base import Grader
from jointopt.grading.build import GRADERS, build
from jointopt.grading.forms import FORMS
from jointopt.grading.rubric import Rubric

__all__ = ["FORMS", "GRADERS", "Grader", "Rubric", "build"]
