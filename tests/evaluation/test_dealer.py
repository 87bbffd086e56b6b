"""Playing a strategy of the user's own: what it does wrong is told. And what follow-ups cost, to the cent."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from jointopt.domain import Message, Model, Price, Prompt, Request, Sample, Space, Tactic, Vote
from jointopt.errors import StrategyError
from jointopt.evaluation import Dealer, Game, Readings, Stakes, expect
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Ask, Ballots, Case, Moves, Seen, Strategy, Windows, sure
from jointopt.strategies.ballots import Flags, Floats

CASE = Case(Request(Model("m", "echo/one"), (Message("user", "why?"),), 1.0), {})


@dataclass(frozen=True)
class Broken(Strategy):
    """Reads what a vote does not have."""

    def moves(self, n: int, case: Case) -> Moves:
        """Ask, and fail."""
        votes = [vote for vote in (yield [Ask(n)])[0] if vote.nothing]  # type: ignore[attr-defined]  # the mistake
        return sure(votes[0])

    def same_as(self, n: int) -> Tactic | None:
        """Looks at a day that is not."""
        return Tactic("single", [1][n])


@dataclass(frozen=True)
class Endless(Windows):
    """One at a time, up to a limit that nobody gave."""

    def size(self, n: int) -> int:
        """One."""
        return 1

    def enough(self, seen: Seen) -> Flags:
        """Looks for the limit."""
        return seen.ratings > dict[str, float]()["limit"]

    def wins(self, seen: Seen) -> Floats:
        """The first."""
        return np.broadcast_to(np.eye(1, seen.t), seen.answers.shape)


@dataclass(frozen=True)
class Blind(Windows):
    """Looks for a vote that is not there."""

    def wins(self, seen: Seen) -> Floats:
        """The one after the last."""
        return np.asarray(seen.ratings[..., seen.t])


@dataclass(frozen=True)
class Second(Strategy):
    """Two samples, and then a look at each."""

    @property
    def follows(self) -> bool:
        """The looks."""
        return True

    def moves(self, n: int, case: Case) -> Moves:
        """Ask twice the same, in two turns."""
        (votes,) = yield [Ask(n)]
        look = replace(case.request, messages=(*case.request.messages, Message("assistant", "yes")))
        yield [Ask(1, look)]
        yield [Ask(1, look)]
        return sure(votes[0])


def test_what_a_strategy_raises_while_it_plays_is_told_with_its_name() -> None:
    """Not as a traceback: it is the user's to mend."""
    game = Game(Broken().moves(1, CASE), ())
    game.advance(None)
    with pytest.raises(StrategyError, match=r"Broken.moves failed: AttributeError(.|\n)*mend"):
        game.advance([[None]])  # type: ignore[list-item]  # nothing is looked at before it fails


def test_what_a_rule_raises_is_told_with_its_name() -> None:
    """Whoever asks it: the space when it folds, the estimate when it replays."""
    with pytest.raises(StrategyError, match=r"Broken.same_as failed: IndexError(.|\n)*mend: mend the strategy"):
        Broken().same_as(2)
    ballots = Ballots.of([[Vote("a"), Vote("b")]])
    stakes = Stakes(np.zeros((1, 2, 2)), np.zeros((1, 2, 5)), np.zeros(1))
    for strategy, told in ((Endless(), "Endless.enough failed: KeyError"), (Blind(), "Blind.wins failed: IndexError")):
        with pytest.raises(StrategyError, match=told):
            expect(strategy, ballots, stakes, [2])


def test_a_follow_up_pays_what_was_cached_as_such() -> None:
    """By the bill of the first time that it was sent: a prompt that begins like the policy's own is known already."""
    space = Space({"p": Prompt("p", "why?")}, {"m": CASE.request.model}, {"own": {}}, (1,), (1.0,))
    readings = Readings(space, Rubric.of(Exact()), seed=0, logprobs=False)
    look = replace(CASE.request, messages=(*CASE.request.messages, Message("assistant", "yes")))
    billed = enumerate(((0, 0), (100, 60), (100, 95)))  # input and cached tokens; the first sample failed
    samples = [Sample(i, "ok", input_tokens=sent, cached_tokens=known, output_tokens=5) for i, (sent, known) in billed]
    readings.add(look.key, samples)
    game = Game(Second().moves(1, CASE), [Vote("yes")])
    Dealer(CASE, [game], readings, {"m": Price(1.0, 4.0, 0.25, None, 0.001)}).play()
    assert game.over
    assert game.bill.tokens == 2 * (100 + 5)
    assert game.bill.usd == pytest.approx(2 * ((40 * 1.0 + 60 * 0.25 + 5 * 4.0) / 1e6 + 0.001))
