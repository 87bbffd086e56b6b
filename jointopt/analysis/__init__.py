"""What did the study teach? Scores in, findings out."""

from jointopt.analysis.budgets import Budgets, Crossover, Rung, find_budgets
from jointopt.analysis.ceiling import Ceiling, Gap, Marked, Part, find_ceiling
from jointopt.analysis.curves import LIKELY, Crossing, Curve
from jointopt.analysis.difficulty import Apart, Bin, Difficulty, find_difficulty
from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.findings import (
    Beyond,
    Contender,
    Counts,
    Findings,
    Importance,
    Procedure,
    TakenOver,
    to_json,
)
from jointopt.analysis.flips import Flip, Flips, Lines, Ranking, find_flips
from jointopt.analysis.frontier import Frontier, Stop, find_frontier
from jointopt.analysis.insight import Insight
from jointopt.analysis.interaction import Interaction, Share, components, variance_shares
from jointopt.analysis.joint import Choice, Extent, Separate, Utility, need_choices
from jointopt.analysis.judging import Gamed, Judging, Rated, find_judging
from jointopt.analysis.outlay import Outlay
from jointopt.analysis.power import Compared, Need, Power, find_power
from jointopt.analysis.record import read_again, write_down
from jointopt.analysis.saturation import Saturation
from jointopt.analysis.significance import Difference, paired_difference
from jointopt.analysis.standings import Above, Preferred, Standing, find_above
from jointopt.analysis.table import Table, balance
from jointopt.analysis.tiers import Duel, Lift, Tiers, find_tiers
from jointopt.analysis.unsolved import Forecast, Unsolved, find_unsolved
from jointopt.analysis.verdict import doubt, judge_joint, say_above, say_taken_over, verdict, weights, why_not_first
from jointopt.analysis.words import percent, points

__all__ = [
    "LIKELY",
    "Above",
    "Absent",
    "Apart",
    "Beyond",
    "Bin",
    "Budgets",
    "Ceiling",
    "Choice",
    "Compared",
    "Contender",
    "Counts",
    "Crossing",
    "Crossover",
    "Curve",
    "Difference",
    "Difficulty",
    "Duel",
    "Estimate",
    "Extent",
    "Findings",
    "Flip",
    "Flips",
    "Forecast",
    "Frontier",
    "Gamed",
    "Gap",
    "Importance",
    "Insight",
    "Interaction",
    "Judging",
    "Lift",
    "Lines",
    "Marked",
    "Need",
    "Outlay",
    "Part",
    "Power",
    "Preferred",
    "Procedure",
    "Ranking",
    "Rated",
    "Rung",
    "Saturation",
    "Separate",
    "Share",
    "Standing",
    "Stop",
    "Table",
    "TakenOver",
    "Tiers",
    "Unsolved",
    "Utility",
    "balance",
    "components",
    "doubt",
    "find_above",
    "find_budgets",
    "find_ceiling",
    "find_difficulty",
    "find_flips",
    "find_frontier",
    "find_judging",
    "find_power",
    "find_tiers",
    "find_unsolved",
    "judge_joint",
    "need_choices",
    "paired_difference",
    "percent",
    "points",
    "read_again",
    "say_above",
    "say_taken_over",
    "to_json",
    "variance_shares",
    "verdict",
    "weights",
    "why_not_first",
    "write_down",
]
