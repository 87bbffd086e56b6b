"""How numbers are written in sentences."""

from decimal import Decimal

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import Difference

MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """A share of 0 to 1 as a percentage."""
    return f"{hundredths(share)}%"


def hundredths(share: float, digits: int = 1, sign: str = "-") -> str:
    """A share times 100, to so many digits and never -0.0; `sign` is what `format` calls so."""
    return f"{round(100 * share, digits) + 0.0:{sign}.{digits}f}".replace("-", MINUS)


def dollars(amount: float, digits: int = 3) -> str:
    """An amount: in cents from a dollar on, else to so many digits, written out: $0.000017, never $1.7e-05."""
    return f"${amount:,.2f}" if amount >= 1 else f"${Decimal(f'{amount:.{digits}g}'):f}"


def cost(amount: float, unit: str) -> str:
    """What an answer costs, in ``usd`` or ``tokens``."""
    return dollars(amount) if unit == "usd" else f"{amount:,.0f} tokens"


def many(count: float, noun: str) -> str:
    """So many of something: 1 trial, 2 trials."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def points(score: float) -> str:
    """A difference of scores in percentage points, with its sign."""
    return hundredths(score, sign="+")


def size(score: float) -> str:
    """The same without a plus: how large something is."""
    return hundredths(score)


def between(estimate: Estimate) -> str:
    """The interval of a score."""
    return f"95% interval {percent(estimate.low)} to {percent(estimate.high)}"


def apart(difference: Difference, unit: str = "points") -> str:
    """A difference in points, or in what `unit` says, with its interval."""
    return f"{points(difference.mean)} {unit}, 95% interval {points(difference.low)} to {points(difference.high)}"
