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
    to_json,
)
from jointopt.analysis.interaction import Interaction, Share, Table, components, variance_shares
from jointopt.analysis.joint import Choice, Extent, Separate, Utility
from jointopt.analysis.significance import Difference, paired_difference
from jointopt.analysis.verdict import percent, points, verdict, weights

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
    "Importance",
    "Interaction",
    "Preferred",
    "Procedure",
    "Separate",
    "Share",
    "Standing",
    "Table",
    "Utility",
    "components",
    "crossings",
    "paired_difference",
    "percent",
    "points",
    "to_json",
    "variance_shares",
    "verdict",
    "weights",
]
