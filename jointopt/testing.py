"""The kit that a strategy must pass, ours and a user's own: `check_strategy(MyStrategy())` in a test is enough.

The model is an oracle in memory that answers by a hash, so that live plays, replays and enumeration meet the same one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from math import isclose, sqrt
from random import Random
from statistics import fmean, variance

from jointopt.domain import Example, Model, Policy, Price, Prompt, Request, Sample, Source, Space, Vote
from jointopt.evaluation import Dealer, Estimate, Game, Readings
from jointopt.evaluation.readings import to_vote
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Ask, Case, Lots, Playbook, Strategy, play

__all__ = ["check_strategy"]

_CLOSE = 1e-9
_SOURCE = Source("p", "m", 1.0)
_MODEL = Model("m", "memory/oracle", max_tokens=64)
_POOLS = (  # texts: an even split, a tie of three, one answer alone, none readable, a close race
    ("a", "b", "a", "b"),
    ("a", "b", "c", ""),
    ("a", "a", "a", "a"),
    ("", "", "a", ""),
    ("b", "a", "b", "a", "a"),
)
_ANSWERS = ("a", "a", "a", "b", "b", "c", "")  # what the oracle draws from
_DRAWN = 6  # samples in a pool of the test of bias
_TIMES = 250  # pools, and fresh plays, that it compares
_WIDE = 4.0  # standard errors


class _Prices(dict[str, Price]):
    """Every model is free."""

    def __missing__(self, model: str) -> Price:
        return Price()


_FREE = _Prices()


def check_strategy(strategy: Strategy, *, most: int = 4) -> None:
    """See that a strategy keeps what every strategy promises.

    It is a value (frozen, hashable); its lots are chances; it asks for at least one sample and never for more than n;
    the same seed gives the same answer; what it returns does not depend on what is right; live play, estimate and
    enumeration over all orders of a pool agree; and estimates from larger pools are unbiased (|z| < 4).

    Args:
        strategy: to check.
        most: the largest n that is tried, 1 to 4.

    Raises:
        AssertionError: a promise is broken; the message says which, and on which pool.
        StrategyError: it asks for more than it may.
    """
    _check_value(strategy)
    for texts in _POOLS:
        for n in range(1, min(most, len(texts)) + 1):
            _check_pool(strategy, texts, n)
    for n in {min(most, 2), most}:
        _check_bias(strategy, n)


def _check_value(strategy: Strategy) -> None:
    try:
        same = hash(strategy) == hash(strategy) and strategy in {strategy: 0}
    except TypeError as error:
        raise AssertionError(f"{strategy!r} cannot be hashed: make it a frozen dataclass ({error})") from None
    _require(same, f"{strategy!r} is not equal to itself")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


@dataclass(eq=False)
class _Table:
    """A question and its pool, over an oracle that answers every request alike, or each replicate anew."""

    strategy: Strategy
    n: int
    reference: str = "a"
    anew: bool = False
    seed: int = 0
    readings: Readings = field(init=False)

    def __post_init__(self) -> None:
        space = Space({"p": Prompt("p", "{question}")}, {"m": _MODEL}, {"own": {}}, (self.n,), (1.0,))
        logprobs = self.strategy.needs_logprobs
        self.readings = Readings(space, Rubric.of(Exact()), seed=self.seed, logprobs=logprobs)

    @property
    def example(self) -> Example:
        """The question."""
        return Example("q", {"question": "which letter?"}, self.reference)

    @property
    def case(self) -> Case:
        """What a strategy may know of it."""
        return self.readings.case(_SOURCE, self.example)

    def pool(self, texts: Sequence[str]) -> list[Vote]:
        """Put a pool of these texts in place, and return it as votes."""
        samples = [self._sample(self.case.request, place, text) for place, text in enumerate(texts)]
        self.readings.add(self.case.request.key, samples)
        return [to_vote(sample, self.readings.rubric) for sample in samples]

    def answer(self, request: Request, upto: int) -> None:
        """Let the oracle answer, up to a replicate."""
        start = len(self.readings.samples(request))
        self.readings.add(request.key, [self._sample(request, place) for place in range(start, upto)])

    def _sample(self, request: Request, place: int, text: str | None = None) -> Sample:
        alike = text is None and not self.anew
        chance = Random(f"{self.seed}/{request.key}/{0 if alike else place}")
        said = chance.choice([*_ANSWERS, "1", "2", "3", "wrong", "True", "False"]) if text is None else text
        logprob = chance.choice([None, -0.2, -0.2, -1.0, -2.5])
        return Sample(place, said, logprob=logprob, input_tokens=5, output_tokens=chance.randrange(1, 4), latency_s=0.1)

    def lots(self, roots: Sequence[Vote]) -> tuple[Lots, int]:
        """Play the moves on samples in this order: the lots, and how many samples were asked for."""
        game = Game(self.strategy.moves(self.n, self.case), roots)
        dealer = Dealer(self.case, [game], self.readings, _FREE)
        dealer.play()
        while lacking := dealer.lacking():
            for request, upto in lacking:
                self.answer(request, upto)
            dealer.play()
        _require(game.over, f"{self.strategy!r} does not come to an end")
        return game.end, game.bill.taken

    def estimate(self) -> float:
        """The estimated score from the pool, with whatever follows from it answered."""
        book = _Book(self.strategy)
        estimate = Estimate(self.readings, book, _FREE)
        asking = estimate.follow.open(self.strategy, [self.n], [(_SOURCE, self.example)])
        for dealer in asking if self.strategy.follows else ():
            dealer.play()
            while lacking := dealer.lacking():
                for request, upto in lacking:
                    self.answer(request, upto)
                dealer.play()
        estimate.follow.close()
        card = estimate.card(Policy(_SOURCE, "own", self.n), [self.example])
        if card is None:
            raise AssertionError(f"{self.strategy!r} cannot be scored at n = {self.n} from a pool that has all it asks")
        return card.score

    def live(self, roots: Sequence[Vote], seed: int) -> Vote:
        """Play live: every ask waits for its samples, and ties are drawn by the seed."""
        taken: dict[str, int] = {}

        async def supply(asks: Sequence[Ask]) -> list[list[Vote]]:
            await asyncio.sleep(0)
            return [self._next(ask, roots, taken) for ask in asks]

        return asyncio.run(play(self.strategy.moves(self.n, self.case), supply, Random(seed)))

    def _next(self, ask: Ask, roots: Sequence[Vote], taken: dict[str, int]) -> list[Vote]:
        request = ask.request or self.case.request
        start = taken.get(request.key, 0)
        taken[request.key] = start + ask.n
        if request.key == self.case.request.key:
            return list(roots[start : start + ask.n])
        self.answer(request, start + ask.n)
        samples = self.readings.samples(request)[start : start + ask.n]
        return [to_vote(sample, self.readings.rubric) for sample in samples]


class _Book(Playbook):
    """A playbook with one strategy in it."""

    def __init__(self, strategy: Strategy) -> None:
        super().__init__()
        self._only = strategy

    def build(self, strategy: str, options: object = ()) -> Strategy:
        """The strategy, whatever it is called."""
        return self._only


def _check_pool(strategy: Strategy, texts: Sequence[str], n: int) -> None:
    """On one pool: enumeration over all of its orders, live play, and the estimate, for either answer being right."""
    where = f"{strategy!r} at n = {n} on the pool {list(texts)}"
    chances: list[dict[str | None, float]] = []
    for order in permutations(range(len(texts))):
        table = _Table(strategy, n)
        votes = table.pool(texts)
        roots = [votes[place] for place in order]
        lots, asked = table.lots(roots)
        _require(1 <= asked <= n, f"{where} asks for {asked} samples")
        found = _by_answer(lots)
        chances.append(found)
        total = sum(chance for _, chance in lots)
        _require(isclose(total, 1, abs_tol=_CLOSE), f"{where} returns lots that sum to {total}")
        if order == tuple(range(len(texts))) or len(chances) % 7 == 0:
            first, again = table.live(roots, 5), table.live(roots, 5)
            _require(first == again, f"{where} answers {first.answer!r} and then {again.answer!r} for the same seed")
            _require(found.get(first.answer, 0) > 0, f"{where} answers {first.answer!r} live, and never in replay")
    for right in ("a", "b"):
        expected = fmean(found.get(right, 0.0) for found in chances)
        estimate = _estimate_all(strategy, texts, n, right)
        if not isclose(expected, estimate, abs_tol=_CLOSE):
            told = f"the estimate says that {right!r} is returned with chance {estimate}, enumeration says {expected}"
            raise AssertionError(f"{where}: {told}")


def _estimate_all(strategy: Strategy, texts: Sequence[str], n: int, right: str) -> float:
    """The estimate with one answer being right. One that rests on disjoint runs is averaged over all orders."""
    tables = [_Table(strategy, n, reference=right)]
    tables[0].pool(texts)
    if not strategy.follows:
        return tables[0].estimate()
    scores = []
    for order in permutations(range(len(texts))):
        table = _Table(strategy, n, reference=right)
        kept = _Table(strategy, n).pool(texts)
        _place(table, [kept[place] for place in order])
        scores.append(table.estimate())
    return fmean(scores)


def _place(table: _Table, votes: Sequence[Vote]) -> None:
    """Put votes into the pool in this order, each as the sample that it came from."""
    samples = [
        Sample(
            place,
            vote.text,
            logprob=None if vote.logprob == float("-inf") else vote.logprob,
            input_tokens=5,
            output_tokens=vote.tokens,
            latency_s=0.1,
        )
        for place, vote in enumerate(votes)
    ]
    table.readings.add(table.case.request.key, samples)


def _by_answer(lots: Lots) -> dict[str | None, float]:
    found: dict[str | None, float] = {}
    for vote, chance in lots:
        found[vote.answer] = found.get(vote.answer, 0.0) + chance
    return found


def _check_bias(strategy: Strategy, n: int) -> None:
    """Estimates from pools of six, against fresh plays of n, all drawn from the same oracle."""
    estimates, plays = [], []
    for seed in range(_TIMES):
        chance = Random(f"pool {seed}")
        table = _Table(strategy, n, anew=True, seed=seed)
        table.pool([chance.choice(_ANSWERS) for _ in range(_DRAWN)])
        estimates.append(table.estimate())
        fresh = _Table(strategy, n, anew=True, seed=_TIMES + seed)
        lots, _ = fresh.lots(fresh.pool([chance.choice(_ANSWERS) for _ in range(n)]))
        plays.append(_by_answer(lots).get("a", 0.0))
    error = sqrt((variance(estimates) + variance(plays)) / _TIMES)
    z = (fmean(estimates) - fmean(plays)) / error if error else 0.0
    told = f"estimates of {strategy!r} at n = {n} are biased: {fmean(estimates):.3f}, and plays {fmean(plays):.3f}"
    _require(abs(z) < _WIDE, f"{told} (z = {z:.1f})")
