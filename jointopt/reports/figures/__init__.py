"""One question, one function, one figure."""

from jointopt.reports.figures.ceiling import ceiling
from jointopt.reports.figures.comparison import comparison
from jointopt.reports.figures.curves import curves
from jointopt.reports.figures.difficulty import difficulty
from jointopt.reports.figures.duels import duels
from jointopt.reports.figures.flips import flips
from jointopt.reports.figures.frontier import frontier
from jointopt.reports.figures.importance import importance
from jointopt.reports.figures.interaction import interaction
from jointopt.reports.figures.judging import judging
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.power import power
from jointopt.reports.figures.spending import spending
from jointopt.reports.figures.theme import showable, titled, words
from jointopt.reports.figures.tiers import tiers

# in the order in which a report tells them
FIGURES = (
    comparison,
    frontier,
    curves,
    flips,
    interaction,
    importance,
    ceiling,
    difficulty,
    tiers,
    duels,
    judging,
    power,
    spending,
)

__all__ = [
    "FIGURES",
    "Panel",
    "ceiling",
    "comparison",
    "curves",
    "difficulty",
    "duels",
    "flips",
    "frontier",
    "importance",
    "interaction",
    "judging",
    "power",
    "showable",
    "spending",
    "tiers",
    "titled",
    "words",
]
