"""Days of the calendar as 2024-03-05, whichever way they are written.

03/05/2024 may be March or May: such a date is left as it is. 13/05/2024 can only be May.
"""

import re
from datetime import date as day

_MONTHS = "january february march april may june july august september october november december".split()
_NAME = r"([A-Za-z]{3,9})\.?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(rf"(?:the\s+)?{_DAY}\s+(?:of\s+)?{_NAME},?\s+(\d{{4}})")
_MONTH_FIRST = re.compile(rf"{_NAME}\s+{_DAY},?\s+(\d{{4}})")
_DIGITS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_MOST_MONTHS = 12


def date(text: str) -> str | None:
    """The day in ISO form; None where the text is no date, or may be two."""
    bare = text.strip()
    if match := _ISO.fullmatch(bare):
        return _iso(match[1], match[2], match[3])
    if match := _DAY_FIRST.fullmatch(bare):
        return _iso(match[3], _month(match[2]), match[1])
    if match := _MONTH_FIRST.fullmatch(bare):
        return _iso(match[3], _month(match[1]), match[2])
    if match := _DIGITS.fullmatch(bare):
        return _either(int(match[1]), int(match[2]), match[3])
    return None


def _month(name: str) -> int:
    """1 to 12; 0 where the word is no month."""
    known = [number for number, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower())]
    short = name.lower() == "sept"
    return 9 if short else known[0] if len(known) == 1 else 0


def _either(one: int, other: int, year: str) -> str | None:
    """Day and month, where only one of them can be the month, or both are the same."""
    if one > _MOST_MONTHS or one == other:
        return _iso(year, other, one)
    return _iso(year, one, other) if other > _MOST_MONTHS else None


def _iso(year: str, month: str | int, number: str | int) -> str | None:
    try:
        return day(int(year), int(month), int(number)).isoformat()
    except ValueError:  # there is no such day
        return None
