"""Plays strategies' moves on one question, and deals every game the samples that are its own.

Equal requests take the pool's replicates in turn, so that what follows from each sample is drawn for it alone. Nothing
is asked here: `lacking` says what the pool would need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jointopt.domain import Price, Request, Sample, Vote
from jointopt.errors import StrategyError
from jointopt.evaluation.readings import Readings, to_vote
from jointopt.strategies import Ask, Case, told


@dataclass(slots=True)
class Bill:
    """What a game has asked for so far.

    Attributes:
        taken: of the policy's own samples.
        requests: of the policy's own.
        tokens: of the requests that followed, input and output.
        usd: their price.
        seconds: that they took, one after the other.
    """

    taken: int = 0
    requests: int = 0
    tokens: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Game:
    """Moves under way: what they wait for, and what they came to.

    Attributes:
        moves: a strategy's, on one question.
        roots: samples of the policy's own request, in the order in which they are drawn; None: live, they are drawn
            from the pool by replicate, and bought where it has none.
        waits: for which replicates of which requests; those of its own come from `roots` at once.
        end: what the moves came to, once they are over.
    """

    moves: Any
    roots: Sequence[Vote] | None
    asks: Sequence[Ask] = ()
    waits: list[tuple[Request, range]] = field(default_factory=list)
    end: Any = None
    over: bool = False
    bill: Bill = field(default_factory=Bill)

    def advance(self, replies: Sequence[Sequence[Vote]] | None) -> None:
        """Hand over what was waited for; None begins."""
        with told(self.moves.__qualname__):
            try:
                self.asks = next(self.moves) if replies is None else self.moves.send(replies)
            except StopIteration as end:
                self.asks, self.end, self.over = (), end.value, True


class Dealer:
    """Deals samples to games on one question; equal requests take replicates in turn.

    Args:
        case: the question.
        games: in the order in which they take their turns.
        readings: where samples are.
        prices: by model id.
    """

    def __init__(self, case: Case, games: Sequence[Game], readings: Readings, prices: Mapping[str, Price]) -> None:
        self.case, self.games, self.readings, self.prices = case, games, readings, prices
        self._next: dict[str, int] = {}
        for game in games:
            game.advance(None)
            self._deal(game)

    def lacking(self) -> list[tuple[Request, int]]:
        """Requests that games wait for, each with how many samples they need it to have."""
        needed: dict[str, tuple[Request, int]] = {}
        for request, wanted in (wait for game in self.games for wait in game.waits):
            if len(self.readings.samples(request)) < max(wanted.stop, needed.get(request.key, (request, 0))[1]):
                needed[request.key] = request, max(wanted.stop, needed.get(request.key, (request, 0))[1])
        return list(needed.values())

    def play(self) -> None:
        """Play every game as far as the samples reach, in turns."""
        moved = True
        while moved:
            ready = [game for game in self.games if not game.over and self._served(game)]
            for game in ready:
                game.advance(self._replies(game))
            for game in ready:
                self._deal(game)
            moved = bool(ready)

    def _served(self, game: Game) -> bool:
        return all(wanted.stop <= len(self.readings.samples(request)) for request, wanted in game.waits)

    def _deal(self, game: Game) -> None:
        """Say which replicates each ask of a game is to have."""
        game.waits = []
        for ask in game.asks:
            if game.roots is None or not self._is_own(ask):
                request = ask.request or self.case.request
                start = self._next.get(request.key, 0)
                self._next[request.key] = start + ask.n
                game.waits.append((request, range(start, start + ask.n)))

    def _replies(self, game: Game) -> list[list[Vote]]:
        waits, replies, seconds = iter(game.waits), [], [0.0]
        for ask in game.asks:
            if self._is_own(ask):
                game.bill.requests += 1
                game.bill.taken += ask.n
            if game.roots is not None and self._is_own(ask):
                replies.append(_roots(game, game.roots, ask.n))
                continue
            request, wanted = next(waits)
            samples = self.readings.samples(request)[wanted.start : wanted.stop]
            replies.append([to_vote(sample, self.readings.rubric) for sample in samples])
            seconds.append(self._charge(game.bill, request, samples))
        game.bill.seconds += max(seconds)  # what is asked at the same time is waited for at the same time
        return replies

    def _is_own(self, ask: Ask) -> bool:
        return ask.request is None or ask.request.key == self.case.request.key

    def _charge(self, bill: Bill, request: Request, samples: Sequence[Sample]) -> float:
        """Put one request with these samples on the bill, its prompt once; returns its seconds.

        What of it is cached is what the vendor billed so when it was first sent: it begins like the policy's own. Equal
        requests of one turn may be sent as one, and cost less than this.
        """
        sent = next((sample for sample in self.readings.samples(request) if sample.input_tokens), samples[0])
        tokens_out = sum(sample.output_tokens for sample in samples)
        reasoning = sum(sample.reasoning_tokens for sample in samples)
        bill.tokens += sent.input_tokens + tokens_out
        tokens = sent.input_tokens, tokens_out, sent.cached_tokens, reasoning
        bill.usd += self.prices[request.model.id].of(*tokens, requests=1)
        return max(sample.latency_s for sample in samples)


def _roots(game: Game, roots: Sequence[Vote], n: int) -> list[Vote]:
    """The next n of the policy's own samples; they are on the bill already."""
    start = game.bill.taken - n
    if n < 1 or start + n > len(roots):
        message = f"asks for {n} samples after {start}, and may have {len(roots)}"
        raise StrategyError(message, where=game.moves.__qualname__, mend="ask for n in all at most, and for 1 at least")
    return list(roots[start : start + n])
