"""What did the study teach? Scores in, findings out."""

from jointopt.analysis.curves import LIKELY, Crossing, Curve, crossings
from jointopt.analysis.findings import (
    Beyond,
    Contender,
    Counts,
    Estimate,
    Findings,
    Importance,
    Preferred,
    Procedure,
    Standing,
    TakenOver,
    to_json,
)
from jointopt.analysis.frontier import Frontier, Stop, find_frontier
from jointopt.analysis.interaction import Interaction, Share, Table, components, variance_shares
from jointopt.analysis.joint import Choice, Extent, Separate, Utility, need_choices
from jointopt.analysis.significance import Difference, paired_difference
from jointopt.analysis.verdict import judge_joint, percent, points, say_taken_over, verdict, weights

__all__ = [
    "LIKELY",
    "Beyond",
    "Choice",
    "Contender",
    "Counts",
    "Crossing",
    "Curve",
    "Difference",
    "Estimate",
    "Extent",
    "Findings",
    "Frontier",
    "Importance",
    "Interaction",
    "Preferred",
    "Procedure",
    "Separate",
    "Share",
    "Standing",
    "Stop",
    "Table",
    "TakenOver",
    "Utility",
    "components",
    "crossings",
    "find_frontier",
    "judge_joint",
    "need_choices",
    "paired_difference",
    "percent",
    "points",
    "say_taken_over",
    "to_json",
    "variance_shares",
    "verdict",
    "weights",
]
