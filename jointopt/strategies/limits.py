"""What an option of a strategy may be: refused with its value and the mend where it makes no sense."""

from jointopt.errors import StrategyError


def require_between(name: str, value: object, low: float, high: float, mend: str) -> None:
    """Refuse what is not a number strictly between two others."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
        raise StrategyError(f"{name} is {value!r}", where=name, mend=mend)


def require_whole(name: str, value: object, low: int, high: float = float("inf")) -> None:
    """Refuse what is not a whole number of a range, both ends included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        end = "on" if high == float("inf") else f"to {high:g}"
        raise StrategyError(f"{name} is {value!r}", where=name, mend=f"write a whole number from {low} {end}")
