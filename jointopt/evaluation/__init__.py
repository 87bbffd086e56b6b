"""How good is this policy?"""

from jointopt.evaluation.complete import OTHERS, Complete
from jointopt.evaluation.dealer import Dealer, Game
from jointopt.evaluation.desk import Desk
from jointopt.evaluation.draw import Draw, Tally, no_logprobs
from jointopt.evaluation.estimate import Estimate
from jointopt.evaluation.evaluate import DEPTH, Evaluate
from jointopt.evaluation.expect import Expected, Stakes, expect
from jointopt.evaluation.extrapolate import Extrapolation, extrapolate_best_of, extrapolate_majority
from jointopt.evaluation.harvest import harvest
from jointopt.evaluation.live import Answer, answer_live
from jointopt.evaluation.orders import draw_orders
from jointopt.evaluation.readings import Outcome, Reading, Readings, read
from jointopt.evaluation.round import Order, Round

__all__ = [
    "DEPTH",
    "OTHERS",
    "Answer",
    "Complete",
    "Dealer",
    "Desk",
    "Draw",
    "Estimate",
    "Evaluate",
    "Expected",
    "Extrapolation",
    "Game",
    "Order",
    "Outcome",
    "Reading",
    "Readings",
    "Round",
    "Stakes",
    "Tally",
    "answer_live",
    "draw_orders",
    "expect",
    "extrapolate_best_of",
    "extrapolate_majority",
    "harvest",
    "no_logprobs",
    "read",
]
