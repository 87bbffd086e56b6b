"""How what a study taught is shown: one page, and the dashboard's store."""

from jointopt.reports.board import note, publish
from jointopt.reports.page import render_page

__all__ = ["note", "publish", "render_page"]
