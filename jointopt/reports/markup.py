"""Values as HTML that nobody's words can break out of. It knows no findings."""

import json
import re
from collections.abc import Sequence
from html import escape

from jointopt.reports.figures import showable

_CONTROLS = re.compile("[\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_NUMBER = re.compile(r"[-+\N{MINUS SIGN}$]?\d")


def plain(value: object) -> str:
    """Anything as words that rule over nothing beside them: no control character of a terminal (but tab and line end),
    no half character, none that turns what follows from right to left. Each becomes a mark.
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", showable(str(value))).replace("\r", "\n")


def text(value: object) -> str:
    """Anything as text between tags or in a quoted attribute."""
    return escape(plain(value), quote=True)


def data(value: object) -> str:
    """A value as JSON inside a script element: ASCII only, and no character that could end the element."""
    written = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "") -> str:
    """A table; columns of numbers stand on the right, and the first cell of a row names it."""
    columns = [[row[place] for row in rows if row[place]] for place in range(len(headers))]
    marks = [' class="number"' if cells and all(map(_NUMBER.match, cells)) else "" for cells in columns]
    head = "".join(f'<th scope="col"{mark}>{text(header)}</th>' for header, mark in zip(headers, marks, strict=True))
    body = "".join(f"<tr>{_line(row, marks)}</tr>" for row in rows)
    said = f"<caption>{text(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{said}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _line(row: Sequence[str], marks: Sequence[str]) -> str:
    first, *others = (f"{mark}>{text(cell)}" for cell, mark in zip(row, marks, strict=True))
    return f'<th scope="row"{first}</th>' + "".join(f"<td{cell}</td>" for cell in others)


def details(summary: str, inside: str) -> str:
    """A part that opens on demand; `inside` is markup."""
    return f"<details><summary>{text(summary)}</summary>{inside}</details>"
