"""How n samples become one answer. A new strategy is one file, and one line in `playbook`."""

from jointopt.strategies.ballots import Ballots, Drawn, Seen, highest, running
from jointopt.strategies.base import Ask, Case, Lots, Moves, Rating, Strategy, told
from jointopt.strategies.play import draw_lot, play, replay, sure, together
from jointopt.strategies.playbook import OBJECTIVES, SELECTORS, STRATEGIES, Playbook, find_strategy, option_names
from jointopt.strategies.windows import Electing, Stopping, StoppingVote, Windows

__all__ = [
    "OBJECTIVES",
    "SELECTORS",
    "STRATEGIES",
    "Ask",
    "Ballots",
    "Case",
    "Drawn",
    "Electing",
    "Lots",
    "Moves",
    "Playbook",
    "Rating",
    "Seen",
    "Stopping",
    "StoppingVote",
    "Strategy",
    "Windows",
    "draw_lot",
    "find_strategy",
    "highest",
    "option_names",
    "play",
    "replay",
    "running",
    "sure",
    "together",
    "told",
]
