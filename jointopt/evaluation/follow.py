"""Requests that follow from samples: a judge's verdict, a second look at an answer, a choice among several.

They are pooled, priced and replayed like any other. Equal requests take the pool's replicates in turn, so that what
follows from each sample is drawn for it alone. From the pool nothing is asked: where it lacks something, there is no
outcome yet; `fill` buys it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Example, Price, Source, Vote
from jointopt.evaluation.dealer import Dealer, Game
from jointopt.evaluation.orders import draw_orders
from jointopt.evaluation.readings import Outcome, Reading, Readings
from jointopt.strategies import Lots, Strategy, Windows

Pair = tuple[Source, Example]


class FollowUps:
    """Plays strategies that ask requests of their own, and those that are no rule over arrays.

    Args:
        readings: of the study.
        prices: by model id, judges included.
    """

    def __init__(self, readings: Readings, prices: Mapping[str, Price]) -> None:
        self.readings, self.prices = readings, prices
        self._rated: dict[tuple[object, str, str], Reading] = {}
        self._tried: dict[tuple[object, str, str], int] = {}

    def rated(self, strategy: Windows, source: Source, example: Example) -> Reading | None:
        """The reading of a source with every vote rated, up to the first that the pool cannot rate yet."""
        base = self.readings.of(source, example)
        if base is None or (strategy.rater is strategy and not strategy.follows):
            return base
        key = (strategy.rater, self.readings.request(source, example).key, example.id)
        known = self._rated.get(key)
        if (known is None or len(known) < len(base)) and self._tried.get(key) != self.readings.additions:
            self._tried[key] = self.readings.additions
            dealer = self._rating(strategy, source, example, base)
            dealer.play()
            ended = _ended(dealer.games)
            if ended > (len(known) if known else 0):
                known = self._rated[key] = self._after(base.first(ended), dealer.games[:ended], example)
        return known

    def outcome(self, strategy: Strategy, source: Source, example: Example, base: Reading, n: int) -> Outcome | None:
        """What a strategy that is no rule may expect of a reading; None where the pool does not cover it."""
        known = base.outcomes.setdefault(strategy, {})
        if n not in known and n <= len(base):
            dealers = self._dealers(strategy, source, example, base, n)
            for dealer in dealers:
                dealer.play()
            games = [game for dealer in dealers for game in dealer.games]
            ended = _ended(games)
            if ended < len(games):  # what the pool has grown by since is still to be played
                return self._mean(games[:ended], base, example) if ended else None
            known[n] = self._mean(games, base, example)
        return known.get(n)

    def open(self, strategy: Strategy, ns: Sequence[int], pairs: Iterable[Pair]) -> list[Dealer]:
        """The dealers that have to deal to score a strategy: nothing is asked yet."""
        dealers: list[Dealer] = []
        for source, example in pairs:
            base = self.readings.of(source, example)
            if base is not None and isinstance(strategy, Windows):
                dealers.append(self._rating(strategy, source, example, base))
            elif base is not None:
                covered = (n for n in ns if n <= len(base))
                dealers += (dealer for n in covered for dealer in self._dealers(strategy, source, example, base, n))
        return dealers

    def _rating(self, strategy: Windows, source: Source, example: Example, base: Reading) -> Dealer:
        case = self.readings.case(source, example)
        games = [Game(strategy.rate(case, vote), ()) for vote in base.votes]
        return Dealer(case, games, self.readings, self.prices)

    def _dealers(self, strategy: Strategy, source: Source, example: Example, base: Reading, n: int) -> list[Dealer]:
        """Disjoint runs of the pool where requests follow from samples: another order would ask other requests.

        Otherwise many orders, each at a table of its own.
        """
        case, votes = self.readings.case(source, example), base.votes

        def deal(*runs: Sequence[Vote]) -> Dealer:
            return Dealer(case, [Game(strategy.moves(n, case), run) for run in runs], self.readings, self.prices)

        if strategy.follows:
            return [deal(*(votes[start : start + n] for start in range(0, len(votes) - n + 1, n)))]
        return [deal([votes[place] for place in order[:n]]) for order in draw_orders(len(votes), n)]

    def _after(self, base: Reading, games: Sequence[Game], example: Example) -> Reading:
        """The reading with its votes as the games left them, and what that cost."""
        votes = tuple(game.end for game in games)
        marks = base.marks.copy()
        for place, (before, after) in enumerate(zip(base.votes, votes, strict=True)):
            if after.text != before.text:
                marks[:, place] = self.readings.rubric.marks(after.text, example.reference)
        extra = np.array([(game.bill.tokens, game.bill.usd, game.bill.seconds) for game in games]).T
        return replace(base, votes=votes, marks=marks, extra=extra, outcomes={}, _shorter={})

    def _mean(self, games: Sequence[Game], base: Reading, example: Example) -> Outcome:
        """The mean over plays."""
        marks: dict[str, NDArray[np.float64]] = {
            vote.text: column for vote, column in zip(base.votes, base.marks.T, strict=True)
        }

        def worth(lots: Lots) -> NDArray[np.float64]:
            rubric = self.readings.rubric
            for vote, _ in lots:
                if vote.text not in marks:
                    marks[vote.text] = np.array(rubric.marks(vote.text, example.reference))
            return np.asarray(sum(chance * np.append(marks[vote.text], vote.answer is None) for vote, chance in lots))

        *means, unreadable = map(float, np.mean([worth(game.end) for game in games], axis=0))
        waited_s = float(base.latency_s.mean())
        tallies = [
            (
                game.bill.requests,
                sum(vote.tokens for vote in (game.roots or ())[: game.bill.taken]),
                game.bill.tokens,
                game.bill.usd,
                game.bill.requests * waited_s + game.bill.seconds,
            )
            for game in games
        ]
        return Outcome(tuple(means), unreadable, *map(float, np.mean(tallies, axis=0)))


def _ended(games: Sequence[Game]) -> int:
    """How many games are over, counted from the first."""
    return next((i for i, game in enumerate(games) if not game.over), len(games))
