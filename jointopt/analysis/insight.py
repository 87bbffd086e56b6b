"""What a study taught beyond its winner, each part a finding or the reason why there is none."""

from dataclasses import dataclass

from jointopt.analysis.budgets import Budgets
from jointopt.analysis.ceiling import Ceiling
from jointopt.analysis.difficulty import Difficulty
from jointopt.analysis.estimate import Absent
from jointopt.analysis.flips import Flips
from jointopt.analysis.judging import Judging
from jointopt.analysis.outlay import Outlay
from jointopt.analysis.power import Power
from jointopt.analysis.tiers import Tiers

_NONE = Absent("not worked out")


@dataclass(frozen=True, slots=True)
class Insight:
    """The parts, in the order in which they are told. Each stands for one question and one figure.

    Attributes:
        flips: who changes places as n grows, or from strategy to strategy?
        budgets: what is the best policy at every budget, and where does it change?
        ceiling: what stands between the winner and a score of 1?
        tiers: do cheap and strong models want different prompts?
        difficulty: do hard questions want another policy?
        judging: how good is whoever selects? One for each selector and source, the winner's first.
        power: what would settle the comparison that is open?
        spending: where did the budget go? In the order in which it was spent.
    """

    flips: Flips | Absent = _NONE
    budgets: Budgets | Absent = _NONE
    ceiling: Ceiling | Absent = _NONE
    tiers: Tiers | Absent = _NONE
    difficulty: Difficulty | Absent = _NONE
    judging: tuple[Judging, ...] | Absent = _NONE
    power: Power | Absent = _NONE
    spending: tuple[Outlay, ...] | Absent = _NONE
