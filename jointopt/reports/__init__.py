"""How what a study taught is shown: one page, and the dashboard's store."""

from jointopt.reports.board import note, publish
from jointopt.reports.exhibits import Exhibit, Exhibition, Half, Tally, Witness, say, say_answers
from jointopt.reports.markup import plain
from jointopt.reports.page import render_page

__all__ = [
    "Exhibit",
    "Exhibition",
    "Half",
    "Tally",
    "Witness",
    "note",
    "plain",
    "publish",
    "render_page",
    "say",
    "say_answers",
]
