"""Numbers and fractions as exact ratios: 1,200.0 and 1.2e3 are 1200, 0.75 and 3/4 are 3/4, 50% is 1/2."""

import re
from fractions import Fraction

_SIGN = r"[-+\u2212\u2013]?"
_PLAIN = rf"{_SIGN}\s?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)?(?:\.\d+)?"
_NUMBER = re.compile(rf"({_PLAIN})(?:[eE]([-+]?\d{{1,3}}))?\s*(%|percent\b)?")
_RATIO = re.compile(rf"({_SIGN})\s?(?:(\d+)\s+)?(\d+)\s*/\s*(\d+)\s*(%|percent\b)?")
_LONGEST = 500  # characters of a number: a model that repeats a digit without end has written none


def number(text: str) -> str | None:
    """A decimal number in its shortest exact form; None where the text is anything else."""
    found = read_number(text)
    return None if found is None else _decimal(found)


def fraction(text: str) -> str | None:
    """A decimal number, a fraction or a mixed number in lowest terms; None where the text is anything else."""
    found = read_ratio(text)
    return None if found is None else show(found)


def read_number(text: str) -> Fraction | None:
    """The exact value of a decimal number."""
    match = _match(_NUMBER, text)
    if match is None or not any(letter.isdigit() for letter in match[1]):
        return None
    value = Fraction(_ascii(match[1]).replace(",", "")) * Fraction(10) ** int(match[2] or 0)
    return value / 100 if match[3] else value


def read_ratio(text: str) -> Fraction | None:
    """The exact value of a decimal number, a fraction (3/4) or a mixed number (1 1/2)."""
    match = _match(_RATIO, text.strip().removeprefix("(").removesuffix(")"))
    if match is None:
        return read_number(text)
    sign, whole, above, below, percent = match.groups()
    if not int(below):
        return None
    value = int(whole or 0) + Fraction(int(above), int(below))
    value = -value if _ascii(sign) == "-" else value
    return value / 100 if percent else value


def show(value: Fraction) -> str:
    """``3``, or ``3/4``."""
    return str(value)


def _decimal(value: Fraction) -> str:
    """Without rounding: ``0.75``. A ratio of a decimal number has no other factors than 2 and 5 below."""
    places = max((value.denominator & -value.denominator).bit_length(), len(str(value.denominator)) * 2)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, part = digits[:-places], digits[-places:].rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if part else ''}{part}"


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    bare = text.strip()
    return pattern.fullmatch(bare) if len(bare) <= _LONGEST else None


def _ascii(text: str) -> str:
    return re.sub(r"\s", "", re.sub("[\u2212\u2013]", "-", text))
