"""A number with its interval, and what stands in the place of a finding that could not be made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95% interval; a score (0 to 1) but where another unit is named."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Absent:
    """A finding that could not be made.

    Attributes:
        reason: why, in words, without a full stop: what is lacking, and of what.
    """

    reason: str
