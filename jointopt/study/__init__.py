"""Study: the one place where all parts meet."""

from jointopt.study.before import Check, Outlook, ask_once, look_ahead
from jointopt.study.doctor import examine
from jointopt.study.events import Progress
from jointopt.study.reprice import Ranking, Repriced, reprice
from jointopt.study.study import Study

__all__ = [
    "Check",
    "Outlook",
    "Progress",
    "Ranking",
    "Repriced",
    "Study",
    "ask_once",
    "examine",
    "look_ahead",
    "reprice",
]
