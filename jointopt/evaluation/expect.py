"""What strategies may expect from recorded samples: closed forms where there are, replays over orders where not.

Unbiased either way, and without a new call for any n up to K. Strategies say which vote they return and when they stop;
what that is worth is worked out here, so that no strategy ever sees a mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from jointopt.evaluation.orders import draw_orders
from jointopt.evaluation.readings import Outcome, Reading
from jointopt.strategies import Ballots, Drawn, Electing, Seen, Windows, running

_AT_ONCE = 256  # readings worked on at a time: their arrays then fit a processor's cache
_FEW = 12  # answers of a pool: up to so many, what votes are worth is added up by answer, which is faster
_ALL = slice(None)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stakes:
    """What is at stake in B pools of K votes.

    Attributes:
        returned: worth of a vote that is returned: its marks, and whether it is unreadable; shape (B, K, O + 1).
        asked: what a vote that is asked for takes (`Reading.asked`), shape (B, K, P).
        latency_s: of one request, shape (B,).
    """

    returned: Floats
    asked: Floats
    latency_s: Floats


@dataclass(frozen=True, eq=False)
class Expected:
    """Means over draws.

    Attributes:
        returned: shape (B, N, O + 1).
        asked: shape (B, N, P).
        requests: shape (B, N).
        samples: asked for, shape (B, N).
    """

    returned: Floats
    asked: Floats
    requests: Floats
    samples: Floats

    def outcomes(self, latency_s: Sequence[float]) -> list[list[Outcome]]:
        """What is expected of each of B pools at each of N numbers of samples, where a request takes so long."""
        means = (self.returned.tolist(), self.asked.tolist(), self.requests.tolist(), self.samples.tolist())
        return [
            [_outcome(*each, seconds) for each in zip(returned, asked, requests, samples, strict=True)]
            for returned, asked, requests, samples, seconds in zip(*means, latency_s, strict=True)
        ]


def _outcome(
    returned: Sequence[float], asked: Sequence[float], requests: float, samples: float, latency_s: float
) -> Outcome:
    *marks, unreadable = returned
    tokens, thoughts, extra_tokens, extra_usd, extra_s = asked
    waited_s = requests * (latency_s + extra_s / samples)  # a window's votes are rated together
    return Outcome(tuple(marks), unreadable, requests, tokens, thoughts, extra_tokens, extra_usd, waited_s)


def work_out(strategy: Windows, readings: Sequence[Reading], ns: Sequence[int]) -> None:
    """Work out the strategy's outcome on every reading at every n that it covers, and keep it there.

    Where the strategy asks about single votes, the readings are rated already (`follow`).
    """
    alike: dict[tuple[int, tuple[int, ...]], list[Reading]] = {}
    for reading in readings:
        known = reading.outcomes.setdefault(strategy, {})
        if lacking := tuple(n for n in ns if n <= len(reading) and n not in known):
            alike.setdefault((len(reading), lacking), []).append(reading)
    for (_, lacking), group in alike.items():
        for start in range(0, len(group), _AT_ONCE):
            _keep(strategy, group[start : start + _AT_ONCE], lacking)


def _keep(strategy: Windows, readings: Sequence[Reading], ns: Sequence[int]) -> None:
    for reading, found in zip(readings, _play_out(strategy, [(one, _ALL) for one in readings], ns), strict=True):
        reading.outcomes[strategy].update(zip(ns, found, strict=True))


def replay(strategy: Windows, parts: Sequence[tuple[Reading, Integers]], n: int) -> list[Outcome]:
    """The strategy's outcome at n on some samples of each of B readings, as if they alone had been drawn.

    Args:
        strategy: asks nothing that the readings do not hold.
        parts: B readings with the places of n samples or more each.
        n: samples that may be asked for.
    """
    found: dict[int, Outcome] = {}
    for size in {len(places) for _, places in parts}:
        alike = [place for place, (_, places) in enumerate(parts) if len(places) == size]
        for start in range(0, len(alike), _AT_ONCE):
            some = alike[start : start + _AT_ONCE]
            outcomes = _play_out(strategy, [parts[place] for place in some], [n])
            found.update((place, outcome) for place, (outcome,) in zip(some, outcomes, strict=True))
    return [found[place] for place in range(len(parts))]


def _play_out(
    strategy: Windows, parts: Sequence[tuple[Reading, Integers | slice]], ns: Sequence[int]
) -> list[list[Outcome]]:
    """On equally many samples of each reading, those at some places: its outcome at every n."""
    pools = [(reading.ballots, places) for reading, places in parts]
    ballots = Ballots(
        np.stack([pool.answers[0][places] for pool, places in pools]),
        np.stack([pool.ratings[0][places] for pool, places in pools]),
        np.stack([pool.tokens[0][places] for pool, places in pools]),
    )
    stakes = Stakes(
        np.stack([reading.returned[places] for reading, places in parts]),
        np.stack([reading.asked[places] for reading, places in parts]),
        np.array([reading.latency_s[places].mean() for reading, places in parts]),
    )
    return expect(strategy, ballots, stakes, ns).outcomes(stakes.latency_s.tolist())


def expect(strategy: Windows, ballots: Ballots, stakes: Stakes, ns: Sequence[int]) -> Expected:
    """What a strategy may expect at each n, from pools of K votes, n <= K."""
    if isinstance(strategy, Electing):
        elected = strategy.elected(ballots, ns)
        if elected is not None:
            return _closed(strategy, elected @ _by_answer(ballots, stakes), stakes, ns)
    chances = strategy.chances(ballots, ns)
    if chances is not None:
        return _closed(strategy, chances @ stakes.returned, stakes, ns)
    return _replay(strategy, ballots, stakes, ns)


def _by_answer(ballots: Ballots, stakes: Stakes) -> Floats:
    """The mean worth of the votes that gave each answer, shape (B, A, O + 1)."""
    is_answer = (ballots.answers[..., None] == np.arange(ballots.kinds)).astype(np.float64)
    sums = is_answer.transpose(0, 2, 1) @ stakes.returned
    return np.asarray(sums / np.maximum(ballots.counts, 1)[..., None])


def _closed(strategy: Windows, returned: Floats, stakes: Stakes, ns: Sequence[int]) -> Expected:
    """What is asked does not depend on what is seen."""
    samples = np.tile(np.array([strategy.size(n) for n in ns], dtype=np.float64), (len(returned), 1))
    return Expected(
        returned=np.asarray(returned),
        asked=samples[..., None] * stakes.asked.mean(axis=1)[:, None, :],
        requests=np.ones_like(samples),
        samples=samples,
    )


def _replay(strategy: Windows, ballots: Ballots, stakes: Stakes, ns: Sequence[int]) -> Expected:
    """By playing the rule in many orders at once. Caps that ask in the same windows are caps on the same play."""
    orders = draw_orders(ballots.samples, max(ns))[:, : max(ns)]
    billed = np.flatnonzero(stakes.asked.any(axis=(0, 1)))  # what no vote takes need not be added up
    paid = running(np.ascontiguousarray(stakes.asked[..., billed][:, orders].transpose(2, 3, 0, 1)))
    deal = Deal(Drawn.of(ballots, orders), np.moveaxis(stakes.returned[:, orders], -1, 0), paid)
    expected = deal.play(strategy, ns)
    asked = np.zeros((*expected.samples.shape, stakes.asked.shape[2]))
    asked[..., billed] = expected.asked
    return replace(expected, asked=asked)


@dataclass(frozen=True, eq=False)
class Deal:
    """Votes in R orders, what each is worth (O + 1, B, R, T), and what those up to it take together (T, P, B, R)."""

    drawn: Drawn
    worth: Floats
    paid: Floats

    @cached_property
    def by_answer(self) -> Floats:
        """What the votes for each answer are worth together, up to each vote: shape (T, O + 1, A, B, R)."""
        worth = np.ascontiguousarray(np.moveaxis(self.worth, -1, 0))
        return running(worth[:, :, None] * self.drawn.is_answer[:, None])

    def play(self, strategy: Windows, ns: Sequence[int]) -> Expected:
        """What a strategy makes of the orders at each n <= T, on average over them."""
        pools, orders = self.drawn.answers.shape[:2]
        tails = ((len(self.worth),), (self.paid.shape[1],), (), ())
        sums = Expected(*(np.zeros((pools, len(ns), *tail)) for tail in tails))
        windows = [strategy.size(n) for n in ns]
        for window in set(windows):
            _play(strategy, self, {n: i for i, n in enumerate(ns) if windows[i] == window}, window, sums)
        return Expected(*(part / orders for part in (sums.returned, sums.asked, sums.requests, sums.samples)))

    def gain(self, strategy: Windows, seen: Seen) -> Floats:
        """What the strategy returns after t votes, on average over its lots: shape (O + 1, B, R)."""
        if isinstance(strategy, Electing) and self.drawn.kinds <= _FEW:
            each = strategy.elects(seen) / np.maximum(seen.counts, 1)
            return np.asarray((self.by_answer[seen.t - 1] * each).sum(axis=1))
        return np.asarray(np.einsum("brt,vbrt->vbr", strategy.wins(seen), self.worth[..., : seen.t]))


def _play(strategy: Windows, deal: Deal, caps: Mapping[int, int], window: int, sums: Expected) -> None:
    """Play once for all caps (the place of each n), and add up how it ends at each of them."""
    going = np.ones(deal.drawn.answers.shape[:2])
    for t in sorted({*range(window, max(caps), window), *caps}):
        seen = deal.drawn.first(t)
        ends = _End(deal.gain(strategy, seen), deal.paid[t - 1], t, ceil(t / window))
        if t in caps:
            ends.add(sums, [caps[t]], going)
        later = [place for n, place in caps.items() if n > t]
        if later and t % window == 0:
            halted = going * strategy.enough(seen)
            ends.add(sums, later, halted)
            going = going - halted


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """How plays end after t votes: gain (O + 1, B, R), price (P, B, R), and how much was asked."""

    gain: Floats
    paid: Floats
    samples: int
    requests: int

    def add(self, sums: Expected, places: Sequence[int], ended: Floats) -> None:
        """Add the plays that end here, by weight (B, R), to the sums of some n."""
        how_many = ended.sum(axis=1)[:, None]
        sums.returned[:, places] += np.einsum("br,vbr->bv", ended, self.gain)[:, None]
        sums.asked[:, places] += np.einsum("br,vbr->bv", ended, self.paid)[:, None]
        sums.requests[:, places] += how_many * self.requests
        sums.samples[:, places] += how_many * self.samples
