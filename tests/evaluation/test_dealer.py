"""Playing a strategy of the user's own: what it does wrong is told."""

from dataclasses import dataclass

import pytest

from jointopt.domain import Model, Request
from jointopt.errors import StrategyError
from jointopt.evaluation.dealer import Game
from jointopt.strategies import Ask, Case, Moves, Strategy, sure


@dataclass(frozen=True)
class Broken(Strategy):
    """Reads what a vote does not have."""

    def moves(self, n: int, case: Case) -> Moves:
        """Ask nothing, and fail."""
        votes = [vote for vote in (yield [Ask(n)])[0] if vote.nothing]  # type: ignore[attr-defined]  # the mistake
        return sure(votes[0])


def test_what_a_strategy_raises_is_told_with_its_name() -> None:
    """Not as a traceback: it is the user's to mend."""
    game = Game(Broken().moves(1, Case(Request(Model("m", "echo/one"), (), 1.0), {})), ())
    game.advance(None)
    with pytest.raises(StrategyError, match=r"Broken.moves: failed: AttributeError(.|\n)*mend"):
        game.advance([[None]])  # type: ignore[list-item]  # nothing is looked at before it fails
