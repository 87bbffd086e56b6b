"""How what a study taught is shown: one page, and the dashboard's store."""

from jointopt.reports.board import Board, publish
from jointopt.reports.exhibits import Exhibit, Exhibition, Half, Tally, Witness, say, say_answers
from jointopt.reports.junit import Gate, hold_against, to_junit
from jointopt.reports.markup import plain
from jointopt.reports.notes import note
from jointopt.reports.page import render_page
from jointopt.reports.rows import COLUMNS, Ranked, to_csv

__all__ = [
    "COLUMNS",
    "Board",
    "Exhibit",
    "Exhibition",
    "Gate",
    "Half",
    "Ranked",
    "Tally",
    "Witness",
    "hold_against",
    "note",
    "plain",
    "publish",
    "render_page",
    "say",
    "say_answers",
    "to_csv",
    "to_junit",
]
