"""What a policy earned, cost and took, per example."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from jointopt.domain.policy import Policy

Z95 = 1.959963984540054
_MOST = 10.0


@dataclass(frozen=True, slots=True)
class Preference:
    """The weights of quality, cost and latency:
    utility = quality x score + objectives - cost_usd x usd - tokens x ktokens - latency_s x s.

    Attributes:
        quality: weight of the score, which is the task's first objective.
        cost_usd: score points that one US dollar per question is worth.
        tokens: score points that 1,000 tokens per question are worth.
        latency_s: score points that one second per question is worth.
        objectives: (objective, weight) pairs of the task's further objectives, in the task's order.
    """

    quality: float = 1.0
    cost_usd: float = 0.0
    tokens: float = 0.0
    latency_s: float = 0.0
    objectives: tuple[tuple[str, float], ...] = ()

    @property
    def reach(self) -> float:
        """The largest difference in utility that marks of 0 to 1 make alone."""
        return abs(self.quality) + sum(abs(weight) for _, weight in self.objectives)


@dataclass(frozen=True, slots=True, eq=False)
class Scorecard:
    """What a policy earned, cost and took, on each of Q examples. All arrays have shape (Q,).

    Attributes:
        policy: whose card this is.
        examples: the ids, in the task's order.
        scores: expected score of the policy on each example, 0 to 1, estimated without bias from the samples.
        cost_usd: expected cost of one answer.
        tokens: expected tokens of one answer, input and output.
        latency_s: expected time of one answer.
        samples: how many samples the estimate of each example rests on.
        objectives: the task's further objectives by name, 0 to 1 each, as `scores` is the first.
        unreadable: expected share of answers that could not be read (they score 0).
    """

    policy: Policy
    examples: tuple[str, ...]
    scores: NDArray[np.float64]
    cost_usd: NDArray[np.float64]
    tokens: NDArray[np.float64]
    latency_s: NDArray[np.float64]
    samples: NDArray[np.int64]
    objectives: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    unreadable: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def first(self, count: int) -> "Scorecard":
        """The card as if only the first examples had been met."""
        arrays = ("scores", "cost_usd", "tokens", "latency_s", "samples", "unreadable")
        cut = {name: getattr(self, name)[:count] for name in arrays}
        objectives = {name: values[:count] for name, values in self.objectives.items()}
        return replace(self, examples=self.examples[:count], objectives=objectives, **cut)

    def utilities(self, preference: Preference) -> NDArray[np.float64]:
        """What each example is worth under a preference."""
        further = sum((weight * self.objectives[name] for name, weight in preference.objectives), np.zeros(1))
        return (
            preference.quality * self.scores
            + further
            - preference.cost_usd * self.cost_usd
            - preference.tokens * self.tokens / 1000
            - preference.latency_s * self.latency_s
        )

    def utility(self, preference: Preference) -> float:
        """The mean over examples."""
        return float(self.utilities(preference).mean())

    @property
    def score(self) -> float:
        """Mean score over examples."""
        return float(self.scores.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean score, clustered by example; NaN of a single example."""
        return float(self.scores.std(ddof=1)) / len(self.scores) ** 0.5 if len(self.scores) > 1 else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval of the score over questions like these, clustered by example."""
        return interval(self.scores)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95% interval of the mean of Q independent scores that lie in 0 to 1.

    Wilson's score interval (1927) at the number of yes-or-no questions that would be as telling: scores that vary less
    than right-or-wrong ones count for more, up to `_MOST` times. Two right answers of two do not make a certainty.
    """
    count, mean = len(values), float(values.mean())
    spread = float(values.var(ddof=1)) if count > 1 else 0.0
    telling = mean * (1 - mean) / spread if spread > 0 else 1.0
    weight = count * min(max(telling, (count - 1) / count), _MOST)
    if weight <= 0:
        return 0.0, 1.0
    squared = Z95**2 / weight
    centre = (mean + squared / 2) / (1 + squared)
    margin = (squared * mean * (1 - mean) + squared**2 / 4) ** 0.5 / (1 + squared)
    return max(0.0, centre - margin), min(1.0, centre + margin)
