"""Study: the one place where all parts meet."""

from jointopt.study.before import Check, Outlook, ask_once, look_ahead
from jointopt.study.doctor import examine
from jointopt.study.ending import delete_study, stop_study, weigh_study
from jointopt.study.events import Progress
from jointopt.study.glance import Glance, Onlooker
from jointopt.study.kept import read_kept
from jointopt.study.reprice import Ranking, Repriced, reprice
from jointopt.study.study import Study, work

__all__ = [
    "Check",
    "Glance",
    "Onlooker",
    "Outlook",
    "Progress",
    "Ranking",
    "Repriced",
    "Study",
    "ask_once",
    "delete_study",
    "examine",
    "look_ahead",
    "read_kept",
    "reprice",
    "stop_study",
    "weigh_study",
    "work",
]
