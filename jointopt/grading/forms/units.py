"""Amounts with a unit, in the base unit of their kind: 5 km, 5000 m and 5 kilometres are one amount.

A unit is never equal to a bare number. Temperatures are left alone: their scales do not start at one zero.
"""

import re
from fractions import Fraction

from jointopt.grading.forms.numbers import read_ratio, show

_KINDS: dict[str, dict[str, str]] = {  # base unit -> factor -> names
    "m": {
        "1/1000": "mm millimeter millimetre millimeters millimetres",
        "1/100": "cm centimeter centimetre centimeters centimetres",
        "1": "m meter metre meters metres",
        "1000": "km kilometer kilometre kilometers kilometres",
        "127/5000": "in inch inches",
        "381/1250": "ft foot feet",
        "1143/1250": "yd yard yards",
        "201168/125": "mi mile miles",
    },
    "g": {
        "1/1000": "mg milligram milligrams",
        "1": "g gram grams",
        "1000": "kg kilogram kilograms kilo kilos",
        "1000000": "t ton tonne tonnes tons",
        "45359237/100000": "lb lbs pound pounds",
        "45359237/1600000": "oz ounce ounces",
    },
    "s": {
        "1/1000": "ms millisecond milliseconds",
        "1": "s sec secs second seconds",
        "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours",
        "86400": "d day days",
        "604800": "week weeks",
    },
    "l": {
        "1/1000": "ml milliliter millilitre milliliters millilitres",
        "1/100": "cl centiliter centilitre centiliters centilitres",
        "1": "l liter litre liters litres",
    },
    "m^2": {"1/10000": "cm^2 cm\u00b2", "1": "m^2 m\u00b2", "1000000": "km^2 km\u00b2"},
    "m^3": {"1/1000000": "cm^3 cm\u00b3", "1": "m^3 m\u00b3"},
    "USD": {"1": "usd dollar dollars", "1/100": "cent cents"},
    "EUR": {"1": "eur euro euros"},
    "GBP": {"1": "gbp"},
    "deg": {"1": "\u00b0 degree degrees deg"},
}
_UNITS = {
    name: (base, Fraction(factor))
    for base, factors in _KINDS.items()
    for factor, names in factors.items()
    for name in names.split()
}
_SIGNS = {"$": "USD", "\u20ac": "EUR", "\u00a3": "GBP"}
_AMOUNT = re.compile(r"(.*?[\d)])\s*([A-Za-z\u00b0][A-Za-z\u00b0^\u00b2\u00b32-3]*)\.?")


def unit(text: str) -> str | None:
    """The amount in its base unit, ``5000 m``; None where the text is no amount with a unit that is known."""
    bare = text.strip()
    for sign, currency in _SIGNS.items():
        if sign in bare:
            value = read_ratio(bare.replace(sign, "", 1).strip())
            return None if value is None else f"{show(value)} {currency}"
    match = _AMOUNT.fullmatch(bare)
    if match is None:
        return None
    value, known = read_ratio(match[1]), _UNITS.get(match[2]) or _UNITS.get(match[2].lower())
    if value is None or known is None:
        return None
    base, factor = known
    return f"{show(value * factor)} {base}"
