"""What is the best policy at every budget? The Pareto front of quality, cost and latency, from scorecards alone.

It knows neither the pool nor how a score comes about. Policies are chosen and scored on the same examples, so that
every score here is flattered by having been chosen: `Frontier.label` says among how many.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.significance import Difference, paired_difference
from jointopt.domain import Policy, Scorecard

_DIGITS = 9  # policies that agree to so many digits are equal: the rest is rounding


@dataclass(frozen=True, slots=True)
class Stop:
    """A policy on the frontier, with its means per answer.

    Attributes:
        policy: whose means these are.
        score: on dev; flattered by having been chosen.
        low: lower end of the score's 95% interval, clustered by example.
        high: upper end.
        cost_usd: US dollars.
        tokens: input and output.
        latency_s: seconds.
        gain: score over the stop before it, paired; None for the first stop, and off the steps.
    """

    policy: Policy
    score: float
    low: float
    high: float
    cost_usd: float
    tokens: float
    latency_s: float
    gain: Difference | None = None


@dataclass(frozen=True, slots=True)
class Frontier:
    """The policies worth paying for.

    Attributes:
        unit: what an answer costs is counted in: ``usd``, or ``tokens`` where nothing has a price.
        steps: the best policy at every budget, cheapest first. Each is the best from its own cost up to that of the
            next one: the costs are the points where the best policy changes.
        front: every policy that no other beats in score, cost and latency together, cheapest first.
        policies: among how many they were chosen.
        examples: of the dev half, on which all of them were judged.
    """

    unit: str
    steps: tuple[Stop, ...]
    front: tuple[Stop, ...]
    policies: int
    examples: int

    @property
    def label(self) -> str:
        """What has to stand beside every score."""
        if self.policies == 1:
            return f"the only policy, scored on {self.examples} dev examples"
        return f"chosen among {self.policies:,} policies and scored on the same {self.examples} dev examples: flattered"

    def cost(self, stop: Stop) -> float:
        """What an answer costs, in the frontier's unit."""
        return stop.cost_usd if self.unit == "usd" else stop.tokens

    def within(self, budget: float) -> Stop | None:
        """The best policy of which an answer costs no more, in the frontier's unit; None where all are dearer."""
        return next((stop for stop in reversed(self.steps) if self.cost(stop) <= budget), None)


def find_frontier(cards: Iterable[Scorecard]) -> Frontier | None:
    """The frontier of the policies that were judged on the most examples; None where there is no card.

    Policies judged on fewer examples stay out: a lucky first block would put them here. Of policies that agree in
    score, cost and latency the first one stands for all.
    """
    widest = judged_most(cards)
    if not widest:
        return None
    most, unit = len(widest[0].examples), unit_of(widest)
    prices = [cost_of(card, unit) for card in widest]
    values = np.array(
        [(-card.score, price, float(card.latency_s.mean())) for card, price in zip(widest, prices, strict=True)]
    )
    values = np.vectorize(lambda value: float(f"{value:.{_DIGITS}g}"))(values)
    by_cost = sorted(range(len(widest)), key=lambda place: (values[place, 1], values[place, 0], values[place, 2]))
    kept = [place for place in by_cost if not _beaten(values, place)]
    return Frontier(
        unit, _steps(widest, values, by_cost), tuple(_stop(widest[place]) for place in kept), len(widest), most
    )


def judged_most(cards: Iterable[Scorecard]) -> list[Scorecard]:
    """The cards of the policies that were judged on the most examples."""
    known = list(cards)
    most = max((len(card.examples) for card in known), default=0)
    return [card for card in known if len(card.examples) == most]


def unit_of(cards: Iterable[Scorecard]) -> str:
    """What answers cost is counted in: ``usd``, or ``tokens`` where nothing has a price."""
    return "usd" if any(card.cost_usd.any() for card in cards) else "tokens"


def cost_of(card: Scorecard, unit: str) -> float:
    """What an answer costs on average."""
    return float((card.cost_usd if unit == "usd" else card.tokens).mean())


def _beaten(values: NDArray[np.float64], place: int) -> bool:
    """Whether another policy is as good in everything and better in something, or equal and named before.

    `values` has shape (P, 3), the less the better.
    """
    own = values[place]
    as_good = (values <= own).all(axis=1)
    better = (values < own).any(axis=1)
    earlier = np.arange(len(values)) < place
    return bool((as_good & (better | earlier)).any())


def _steps(cards: Sequence[Scorecard], values: NDArray[np.float64], by_cost: Sequence[int]) -> tuple[Stop, ...]:
    """The policies that score more than every cheaper one."""
    found: list[int] = []
    for place in by_cost:
        if not found or values[place, 0] < values[found[-1], 0]:
            found.append(place)
    before = [None, *(cards[place] for place in found[:-1])]
    return tuple(_stop(cards[place], last) for place, last in zip(found, before, strict=True))


def _stop(card: Scorecard, before: Scorecard | None = None) -> Stop:
    """A card's means."""
    cost_usd, tokens, latency_s = (float(column.mean()) for column in (card.cost_usd, card.tokens, card.latency_s))
    gain = paired_difference(card.scores, before.scores) if before else None
    return Stop(card.policy, card.score, *card.interval, cost_usd, tokens, latency_s, gain)
