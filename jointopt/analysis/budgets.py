"""Where along the frontier does the best policy change, and what does the best at each budget really score?

The frontier's own scores are flattered by having been chosen; here the choice and the score meet different examples.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.crossfit import cross_estimate, cross_fit, deal_halves
from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.frontier import Frontier, cost_of, find_frontier, judged_most
from jointopt.analysis.resampling import chance, draw_weights, estimate
from jointopt.analysis.significance import Difference, paired_difference
from jointopt.domain import Policy, Scorecard
from jointopt.domain.scorecard import interval

DRAWS = 1000
_DIGITS = 9  # scores that agree to so many digits are equal

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rung:
    """The best policy within a budget for an answer.

    Attributes:
        budget: at most so much for an answer, in `Budgets.unit`; the cost of the policy that takes over here.
        policy: the best on dev within the budget.
        score: its score on dev, with its 95% interval; flattered by having been chosen.
        honest: the score of whatever is the best within the budget on one half of the examples, on the other half, and
            the other way round (cross-fitted): not flattered, though half of the examples choose less well than all.
        chance: that this very policy is the best within the budget, by a bootstrap over examples, 0 to 1.
    """

    budget: float
    policy: Policy
    score: Estimate
    honest: Estimate
    chance: float


@dataclass(frozen=True, slots=True)
class Crossover:
    """A budget at which the best policy changes.

    Attributes:
        cheaper: the best below.
        dearer: the best from here on.
        budget: for an answer from which it pays to leave the cheaper one, in `Budgets.unit`, and its 95% interval by a
            bootstrap over examples: where something first scores more than everything that costs no more than the
            cheaper one does. `high` is infinite where in more than 2.5% of the resamples nothing ever does.
        gain: score of the dearer minus that of the cheaper, paired over examples; flattered.
        probability: that the dearer one truly scores more than the cheaper one, 0 to 1, by the same bootstrap.
    """

    cheaper: Policy
    dearer: Policy
    budget: Estimate
    gain: Difference
    probability: float


@dataclass(frozen=True, slots=True)
class Budgets:
    """The best policy at every budget, with bands, and where it changes.

    Attributes:
        unit: of budgets: ``usd`` or ``tokens`` for one answer.
        rungs: one for each step of the frontier, cheapest first.
        crossovers: between neighbouring rungs, one less than those.
        policies: among how many they were chosen.
        examples: of the dev half.
    """

    unit: str
    rungs: tuple[Rung, ...]
    crossovers: tuple[Crossover, ...]
    policies: int
    examples: int


def find_budgets(cards: Iterable[Scorecard], *, draws: int = DRAWS, seed: int = 0) -> Budgets | Absent:
    """The steps of the frontier, scored on other examples than they were chosen on, and how sure each change is."""
    widest = judged_most(cards)
    frontier = find_frontier(widest)
    if frontier is None:
        return Absent("no policy was judged")
    if len(widest) == 1:
        return Absent("one policy was judged, so it is the best at every budget")
    if frontier.examples == 1:
        return Absent("1 example cannot tell policies apart")
    scores = np.array([card.scores for card in widest])
    if np.isnan(scores).any():
        return Absent("some scores are missing")
    table = _Priced.of(widest, frontier.unit, scores, draws, seed)
    rungs = tuple(table.rung(place) for place in table.places(frontier))
    changes = pairwise(rungs)
    crossovers = tuple(table.crossover(low.policy, high.policy) for low, high in changes)
    return Budgets(frontier.unit, rungs, crossovers, frontier.policies, frontier.examples)


@dataclass(frozen=True, slots=True, eq=False)
class _Priced:
    """Policies by what an answer costs, the cheapest first: P of them on Q examples.

    Attributes:
        policies: P of them.
        costs: of an answer, shape (P,).
        scores: shape (P, Q).
        resampled: mean scores in every draw, shape (P, draws).
        halves: of the examples, shape (Q,).
    """

    policies: tuple[Policy, ...]
    costs: Array
    scores: Array
    resampled: Array
    halves: NDArray[np.int64]

    @classmethod
    def of(cls, cards: list[Scorecard], unit: str, scores: Array, draws: int, seed: int) -> "_Priced":
        """The policies in the order of their costs."""
        costs = np.array([float(f"{cost_of(card, unit):.{_DIGITS}g}") for card in cards])
        order = np.argsort(costs, kind="stable")
        count = scores.shape[1]
        resampled = np.round(scores[order] @ draw_weights(count, draws, seed).T, _DIGITS)
        policies = tuple(cards[place].policy for place in order)
        return cls(policies, costs[order], scores[order], resampled, deal_halves(count, seed))

    def places(self, frontier: Frontier) -> list[int]:
        """Where the frontier's steps stand."""
        return [self.policies.index(stop.policy) for stop in frontier.steps]

    def within(self, cost: float) -> int:
        """How many policies cost no more."""
        return int(np.searchsorted(self.costs, cost, side="right"))

    def rung(self, place: int) -> Rung:
        """A step with what it is worth on other examples, and how often it is the best that its cost buys."""
        budget = float(self.costs[place])
        count = self.within(budget)
        best = self.resampled[:count].max(axis=0)
        return Rung(
            budget=budget,
            policy=self.policies[place],
            score=Estimate(float(self.scores[place].mean()), *interval(self.scores[place])),
            honest=cross_estimate(cross_fit(self.scores[:count], self.halves)),
            chance=chance(self.resampled[place] >= best),
        )

    def crossover(self, cheaper: Policy, dearer: Policy) -> Crossover:
        """The change from one step to the next."""
        low, high = self.policies.index(cheaper), self.policies.index(dearer)
        known = self.within(float(self.costs[low]))
        bar = self.resampled[:known].max(axis=0)
        beats = self.resampled[known:] > bar
        first = np.append(self.costs[known:], np.inf)[np.where(beats.any(axis=0), beats.argmax(axis=0), len(beats))]
        return Crossover(
            cheaper=cheaper,
            dearer=dearer,
            budget=estimate(float(self.costs[high]), first, self.scores.shape[1]),
            gain=paired_difference(self.scores[high], self.scores[low]),
            probability=chance(self.resampled[high] > self.resampled[low]),
        )
