"""What the embedded model learnt from: problems, instructions, and the lessons that join them."""

from jointopt.pocket.lessons.manners import INSTRUCTIONS, MANNERS, THINK_LINE, Lesson, draw_lesson, place
from jointopt.pocket.lessons.problems import KINDS, Problem, draw_fact, draw_problem
from jointopt.pocket.lessons.world import HIDDEN_FACTS, TAUGHT_FACTS

__all__ = [
    "HIDDEN_FACTS",
    "INSTRUCTIONS",
    "KINDS",
    "MANNERS",
    "TAUGHT_FACTS",
    "THINK_LINE",
    "Lesson",
    "Problem",
    "draw_fact",
    "draw_lesson",
    "draw_problem",
    "place",
]
