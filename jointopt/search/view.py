"""What a sampler that plans may look at, and what it buys: numbers only.

The same samplers plan over a study's pool (`pooled`) and, in the benchmarks, over recorded tables of thousands of runs.
Sources are numbered from 0 to S, tactics to X, examples to Q, preferences to C; preference 0 is the study's own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

POOLED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Buy:
    """What one trial buys: further samples of one source.

    Attributes:
        source: whose.
        tactic: which of the source's policies the trial stands for.
        examples: of which; an example that stands here twice is sampled twice as often.
        n: further samples of each.
    """

    source: int
    tactic: int
    examples: Integers
    n: int

    @property
    def calls(self) -> int:
        """Samples in all."""
        return self.n * len(self.examples)


class View(ABC):
    """A task as a sampler sees it.

    Attributes:
        depths: the most samples that each tactic asks for, shape (X,).
        held: samples bought of each source and example, shape (S, Q).
        preferences: C.
        visit: samples that are best asked in one request.
        akin: sources that share what they say about a question.
        distributions: of the parameters that an Optuna trial has.
    """

    depths: Integers
    held: Integers
    preferences: int
    visit: int = 1
    akin: int
    distributions: Mapping[str, BaseDistribution]

    @property
    def sources(self) -> int:
        """S."""
        return int(self.held.shape[0])

    @property
    def examples(self) -> int:
        """Q."""
        return int(self.held.shape[1])

    @property
    def tactics(self) -> int:
        """X."""
        return len(self.depths)

    @property
    def portion(self) -> int:
        """Samples of an example to begin with: a curve over n can be told from `POOLED`, over all that are akin."""
        return max(self.visit, -(-POOLED // max(self.akin, 1)))

    @abstractmethod
    def params(self, source: int, tactic: int) -> Mapping[str, Any]:
        """The parameters of a policy, by name."""

    @abstractmethod
    def place(self, params: Mapping[str, Any]) -> tuple[int, int]:
        """The source and tactic that parameters stand for."""

    @abstractmethod
    def room(self) -> int:
        """Samples that may still be bought."""

    @abstractmethod
    def rewards(self, buy: Buy) -> Floats:
        """What the samples just bought earned under every preference and tactic, by example: shape (C, X, E).

        NaN for tactics that ask for more samples than were bought of each.
        """

    @abstractmethod
    def expected(self, sources: Integers, examples: Integers, draws: int) -> Floats:
        """What every tactic may expect to earn on each of some examples that all these sources have samples of.

        From pools completed `draws` times over, shape (C, len(sources), X, len(examples)); NaN where it cannot be told.
        """
