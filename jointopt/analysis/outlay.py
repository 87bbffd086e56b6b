"""Where the budget went, in the order in which it was spent. It knows no clock: the ledger keeps none."""

from dataclasses import dataclass

from jointopt.domain import Spend


@dataclass(frozen=True, slots=True)
class Outlay:
    """What one phase spent in one stretch of the study's requests.

    Attributes:
        phase: that the requests were made for.
        requests: how many, follow-ups included.
        spend: what they cost.
    """

    phase: str
    requests: int
    spend: Spend
