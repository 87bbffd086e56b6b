"""How n samples become one answer. A new strategy is one file and one line here."""

from jointopt.strategies.base import Ask, Moves, Strategy
from jointopt.strategies.best_of import BestOf
from jointopt.strategies.majority import Majority
from jointopt.strategies.play import replay
from jointopt.strategies.single import Single

STRATEGIES: dict[str, Strategy] = {"single": Single(), "majority": Majority(), "best_of": BestOf()}

__all__ = ["STRATEGIES", "Ask", "Moves", "Strategy", "replay"]
