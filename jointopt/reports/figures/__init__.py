"""One question, one function, one figure."""

from jointopt.reports.figures.comparison import comparison
from jointopt.reports.figures.curves import curves
from jointopt.reports.figures.frontier import frontier
from jointopt.reports.figures.importance import importance
from jointopt.reports.figures.interaction import interaction
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.theme import showable, titled, words

FIGURES = (comparison, frontier, curves, interaction, importance)  # in the order in which a report tells them

__all__ = [
    "FIGURES",
    "Panel",
    "comparison",
    "curves",
    "frontier",
    "importance",
    "interaction",
    "showable",
    "titled",
    "words",
]
