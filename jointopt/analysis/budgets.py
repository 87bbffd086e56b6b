"""Where along the frontier does the best policy change, and what does the best at each budget really score?

The frontier's own scores are flattered by having been chosen; here the choice and the score meet different examples.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import Difference
from jointopt.domain import Policy


@dataclass(frozen=True, slots=True)
class Rung:
    """The best policy within a budget for an answer.

    Attributes:
        budget: at most so much for an answer, in `Budgets.unit`; the cost of the policy that takes over here.
        policy: the best on dev within the budget.
        score: its score on dev, with its 95% interval; flattered by having been chosen.
        honest: the score of whatever is the best within the budget on nine tenths of the examples, on the last tenth,
            over all ten (cross-fitted): not flattered.
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
