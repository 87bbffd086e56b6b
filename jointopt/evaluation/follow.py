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
Key = tuple[object, int, str, str, str]  # rater or strategy, n where it matters, model, request, example


class FollowUps:
    """Plays strategies that ask requests of their own, and those that are no rule over arrays.

    Args:
        readings: of the study.
        prices: by model id, judges included.
    """

    def __init__(self, readings: Readings, prices: Mapping[str, Price]) -> None:
        self.readings, self.prices = readings, prices
        self._rated: dict[Key, Reading] = {}
        self._asked: dict[Key, int] = {}  # samples of which all that follows was asked on purpose
        self._opened: list[tuple[Key, int, list[Dealer]]] = []
        self.closings = 0  # how often it may have been noted that more was asked

    def rated(self, strategy: Windows, source: Source, example: Example) -> Reading | None:
        """The reading of a source with every vote rated, as far as that was asked on purpose.

        A rating that the pool happens to hold for a further vote does not count: which ones it holds depends on what
        they say, and a score over these would be biased.
        """
        base = self.readings.of(source, example)
        if base is None or type(strategy).rate is Windows.rate:
            return base
        key = self._key(strategy.rater, 0, source, example)
        count = min(self._asked.get(key, 0), len(base)) if strategy.follows else len(base)
        known = self._rated.get(key)
        if count > (len(known) if known else 0):
            dealer = self._rating(strategy, source, example, base.first(count))
            dealer.play()
            if all(game.over for game in dealer.games):
                known = self._rated[key] = self._after(base.first(count), dealer.games, example)
        return known

    def outcome(self, strategy: Strategy, source: Source, example: Example, base: Reading, n: int) -> Outcome | None:
        """What a strategy that is no rule may expect of the samples about which all was asked on purpose."""
        some = self.covered(strategy, source, example, base, n)
        if some is None:
            return None
        known = some.outcomes.setdefault(strategy, {})
        if n not in known:
            dealers = self._dealers(strategy, source, example, some, n)
            for dealer in dealers:
                dealer.play()
            games = [game for dealer in dealers for game in dealer.games]
            if not all(game.over for game in games):
                return None
            known[n] = self._mean(games, some, example)
        return known[n]

    def covered(self, strategy: Strategy, source: Source, example: Example, base: Reading, n: int) -> Reading | None:
        """The samples about which all that this n asks was asked on purpose; None where they are too few."""
        asked = self._asked.get(self._key(strategy, n, source, example), 0) if strategy.follows else len(base)
        return base.first(asked) if n <= min(asked, len(base)) else None

    def open(self, strategy: Strategy, ns: Sequence[int], pairs: Iterable[Pair]) -> list[Dealer]:
        """The dealers that have to deal to score a strategy: nothing is asked yet. `close` ends it."""
        opened: list[tuple[Key, int, list[Dealer]]] = []
        for source, example in pairs:
            base = self.readings.of(source, example)
            if base is not None and isinstance(strategy, Windows):
                key = self._key(strategy.rater, 0, source, example)
                opened.append((key, len(base), [self._rating(strategy, source, example, base)]))
            elif base is not None:
                for n in (n for n in ns if n <= len(base)):
                    key = self._key(strategy, n, source, example)
                    opened.append((key, len(base), self._dealers(strategy, source, example, base, n)))
        self._opened += opened
        return [dealer for _, _, dealers in opened for dealer in dealers]

    def close(self) -> None:
        """Note of which samples all has been asked now that was opened."""
        self.closings += 1
        for key, count, dealers in self._opened:
            if all(game.over for dealer in dealers for game in dealer.games):
                self._asked[key] = max(count, self._asked.get(key, 0))
        self._opened = []

    def recall(self, strategy: Strategy, n: int, source: Source, asked: Iterable[tuple[Example, int]]) -> None:
        """Take up, by example, about how many samples all had been asked when a study was last scored."""
        rater, n = (strategy.rater, 0) if isinstance(strategy, Windows) else (strategy, n)
        self.closings += 1
        for example, count in asked:
            key = self._key(rater, n, source, example)
            self._asked[key] = max(count, self._asked.get(key, 0))

    def _key(self, rater: object, n: int, source: Source, example: Example) -> Key:
        return rater, n, source.model, self.readings.request(source, example).key, example.id

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
            if after.text != before.text:  # nothing said, as after a failure, earns nothing
                said = after.text and self.readings.rubric.marks(after.text, example.reference)
                marks[:, place] = said or 0.0
        extra = np.array([(game.bill.tokens, game.bill.usd, game.bill.seconds) for game in games]).T
        return replace(base, votes=votes, marks=marks, extra=extra, outcomes={}, _shorter={})

    def _mean(self, games: Sequence[Game], base: Reading, example: Example) -> Outcome:
        """The mean over plays."""
        marks: dict[str, NDArray[np.float64]] = {
            vote.text: column for vote, column in zip(base.votes, base.marks.T, strict=True)
        } | {"": np.zeros(len(base.marks))}

        def worth(lots: Lots) -> NDArray[np.float64]:
            rubric = self.readings.rubric
            for vote, _ in lots:
                if vote.text not in marks:
                    marks[vote.text] = np.array(rubric.marks(vote.text, example.reference))
            return np.asarray(sum(chance * np.append(marks[vote.text], vote.answer is None) for vote, chance in lots))

        *means, unreadable = map(float, np.mean([worth(game.end) for game in games], axis=0))
        waited_s = float(base.latency_s.mean())
        tallies = []
        for bill, taken in ((game.bill, (game.roots or ())[: game.bill.taken]) for game in games):
            tokens = sum(vote.tokens for vote in taken), sum(vote.reasoning_tokens for vote in taken), bill.tokens
            tallies.append((bill.requests, *tokens, bill.usd, bill.requests * waited_s + bill.seconds))
        return Outcome(tuple(means), unreadable, *map(float, np.mean(tallies, axis=0)))
