"""How good is this policy?"""

from jointopt.evaluation.draw import Draw, Tally
from jointopt.evaluation.estimate import estimate, expected_score
from jointopt.evaluation.evaluate import Evaluate
from jointopt.evaluation.harvest import harvest
from jointopt.evaluation.readings import Reading, Readings, read

__all__ = [
    "Draw",
    "Evaluate",
    "Reading",
    "Readings",
    "Tally",
    "estimate",
    "expected_score",
    "harvest",
    "read",
]
