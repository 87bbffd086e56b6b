"""Where the budget went, in the order in which it was spent."""

from dataclasses import dataclass

from jointopt.domain import Spend


@dataclass(frozen=True, slots=True)
class Outlay:
    """What one phase spent in one stretch of the study's requests.

    Attributes:
        phase: that the requests were made for.
        requests: how many, follow-ups included.
        spend: what they cost.
        seconds: after the first request of the study, when the last of these was made; None where nobody wrote it down.
    """

    phase: str
    requests: int
    spend: Spend
    seconds: float | None = None
