"""How numbers are written in sentences."""

from decimal import Decimal

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import Difference


def percent(share: float) -> str:
    """A share of 0 to 1 as a percentage."""
    return f"{100 * share:.1f}%"


def dollars(amount: float, digits: int = 3) -> str:
    """An amount to so many digits, written out: $0.000017, never $1.7e-05."""
    return f"${Decimal(f'{amount:.{digits}g}'):f}"


def points(score: float) -> str:
    """A difference of scores in percentage points, with its sign."""
    return f"{100 * score:+.1f}".replace("-", "\N{MINUS SIGN}")


def between(estimate: Estimate) -> str:
    """The interval of a score."""
    return f"95% interval {percent(estimate.low)} to {percent(estimate.high)}"


def apart(difference: Difference) -> str:
    """A difference in points with its interval."""
    return f"{points(difference.mean)} points, 95% interval {points(difference.low)} to {points(difference.high)}"
