"""Worlds for searches: samples fall in A classes with known shares, so that every policy's worth is known exactly.

Arrays only, so that thousands of searches run in minutes. The samplers are the ones that studies use.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from jointopt.evaluation import OTHERS
from jointopt.search.samplers.planned import Choice, Planned
from jointopt.search.view import Buy, Floats, Integers, View
from jointopt.strategies.adaptive_consistency import _beats

DEEPEST = 32
NS = np.arange(1, DEEPEST + 1)


@dataclass(frozen=True, eq=False)
class Population:
    """What is true: shares of answers, and what that makes every policy worth.

    Attributes:
        shares: of the answer classes, shape (S, Q, A).
        cost: of one sample of each source, in utility under weight 1, shape (S,).
        weights: of cost, by preference, shape (C,).
        worth: of every policy on every example, shape (C, S, X, Q).
    """

    shares: Floats
    cost: Floats
    weights: Floats
    worth: Floats


class Fixed(CategoricalDistribution):
    """A parameter of a world. It never changes, so a copy is itself, and nothing else is equal to it: Optuna copies and
    compares the choices of every trial, which took most of the time of a benchmark.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "Fixed":
        return self

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class World(View):
    """A population of which a search sees some examples, within a budget.

    Args:
        population: what is true.
        examples: that the search may sample.
        budget: in samples.
        seed: of what is drawn.
    """

    def __init__(self, population: Population, examples: Integers, budget: int, seed: int) -> None:
        self.population, self.budget, self.spent = population, budget, 0
        self.rng = np.random.default_rng(seed)
        self.shares = population.shares[:, examples]
        self.edges = self.shares.cumsum(axis=2)
        self.edges[..., -1] = 1.0
        self.counts = np.zeros(self.shares.shape)
        self.held = np.zeros(self.shares.shape[:2], dtype=np.int64)
        self.preferences, self.akin = len(population.weights), len(self.shares)
        self._drawn: dict[int, Integers] = {}  # what each source drew last
        self._luck: dict[int, Floats] = {}
        sources, tactics = list(range(self.shares.shape[0])), list(range(population.worth.shape[2]))
        self.distributions = {"source": Fixed(sources), "n": Fixed(tactics)}

    def params(self, source: int, tactic: int) -> dict[str, int]:
        """Two numbers."""
        return {"source": source, "n": tactic}

    def place(self, params: Mapping[str, Any]) -> Choice:
        """The same two."""
        return int(params["source"]), int(params["n"])

    def room(self) -> int:
        """What is left of the budget."""
        return self.budget - self.spent

    def buy(self, *buys: Buy) -> None:
        """Draw samples from the population."""
        for buy in buys:
            edges = self.edges[buy.source, buy.examples]
            uniform = self.rng.random((len(buy.examples), buy.n))
            drawn = self._drawn[buy.source] = (uniform[..., None] > edges[:, None, :-1]).sum(axis=-1)
            np.add.at(self.counts[buy.source], (np.repeat(buy.examples, buy.n), drawn.reshape(-1)), 1)
            np.add.at(self.held[buy.source], buy.examples, buy.n)
            self.spent += buy.calls

    def rewards(self, buy: Buy) -> Floats:
        """By disjoint blocks of the samples just drawn, as in the paper."""
        found = np.full((self.preferences, self.tactics, len(buy.examples)), np.nan)
        for tactic, n in enumerate(self.depths):
            if n <= buy.n and self.plain[tactic]:
                blocks = self._drawn[buy.source][:, : buy.n // n * n].reshape(len(buy.examples), -1, n)
                found[:, tactic] = self.earn_block(blocks, buy.source).mean(axis=2)
        return found

    def expected(self, sources: Integers, examples: Integers, draws: int) -> Floats:
        """The same as `evaluation.complete` does with votes, done with counts."""
        if draws not in self._luck:
            self._luck[draws] = self.rng.random((self.examples, draws, DEEPEST))
        luck, total = self._luck[draws][examples], self.counts[:, examples].sum(axis=0)
        found = np.empty((self.preferences, len(sources), self.tactics, len(examples)))
        for place, source in enumerate(sources):
            own = self.counts[source, examples]
            others = total - own
            weights = own + OTHERS * (others + 1 / own.shape[1]) / (others.sum(axis=1, keepdims=True) + 1)
            gammas = self.rng.standard_gamma(np.repeat(weights[:, None], draws, axis=1)) + 1e-300
            edges = gammas.cumsum(axis=2)
            wanted = luck * edges[..., -1:]
            drawn: Integers = np.zeros(luck.shape, dtype=np.int64)
            for answer in range(edges.shape[2] - 1):
                drawn += wanted > edges[:, :, answer, None]
            found[:, place] = self.earn(drawn, int(source))
        return found

    def value(self, choices: Sequence[Choice], examples: Integers | None = None) -> float:
        """What the chosen policies are worth, on average over preferences (and some examples of the population)."""
        rows = [self.population.worth[c, source, tactic] for c, (source, tactic) in enumerate(choices)]
        return float(np.mean([row if examples is None else row[examples] for row in rows]))

    @property
    @abstractmethod
    def plain(self) -> Sequence[bool]:
        """Whether each tactic asks for all its samples at once."""

    @abstractmethod
    def earn(self, drawn: Integers, source: int) -> Floats:
        """Mean utility of every tactic on draws of shape (B, R, DEEPEST): shape (C, X, B)."""

    @abstractmethod
    def earn_block(self, blocks: Integers, source: int) -> Floats:
        """Utility of the plain tactic that uses all samples of a block, shape (B, blocks, n): shape (C, B, blocks)."""


class Votes(World):
    """Majority of n <= 32, class 0 being right; a tie counts half, as in the paper's code. With thresholds also
    Adaptive-Consistency, one sample at a time, n being its cap.
    """

    def __init__(
        self, population: Population, examples: Integers, budget: int, seed: int, thresholds: Sequence[float] = ()
    ) -> None:
        super().__init__(population, examples, budget, seed)
        self.thresholds = thresholds
        self.depths = np.tile(NS, 1 + len(thresholds))

    @property
    def plain(self) -> Sequence[bool]:
        """Fixed votes come first."""
        return [tactic < DEEPEST for tactic in range(self.tactics)]

    def earn(self, drawn: Integers, source: int) -> Floats:
        """The share of right votes, less what was asked."""
        right, used = play_votes(drawn, self.shares.shape[2], self.thresholds)
        price = self.population.weights[:, None, None] * self.population.cost[source]
        return np.asarray(right.mean(axis=2) - price * used.mean(axis=2))

    def earn_block(self, blocks: Integers, source: int) -> Floats:
        """Right or wrong, by each block's vote."""
        kinds = self.shares.shape[2]
        counts = (blocks[..., None] == np.arange(kinds)).sum(axis=2)
        rival = counts[..., 1:].max(axis=-1)
        right = (counts[..., 0] > rival) + 0.5 * (counts[..., 0] == rival)
        price = self.population.weights * self.population.cost[source] * blocks.shape[2]
        return np.asarray(right - price[:, None, None])


def play_votes(drawn: Integers, kinds: int, thresholds: Sequence[float]) -> tuple[Floats, Floats]:
    """Whether votes are right (ties half) and how many were asked, each of shape (X, B, R), from (B, R, T) draws."""
    inner = np.ascontiguousarray(
        np.moveaxis(drawn, -1, 0).astype(np.int8)
    )  # running sums are quick along the first axis
    shape = inner.shape
    own = (inner == 0).cumsum(axis=0, dtype=np.int8)
    rival, second = np.zeros((2, *shape), dtype=np.int8)
    for kind in range(1, kinds):
        count = (inner == kind).cumsum(axis=0, dtype=np.int8)
        second = np.maximum(second, np.minimum(rival, count))
        rival = np.maximum(rival, count)
    fixed = (own > rival) + np.float32(0.5) * ((own == rival) & (rival > 0))
    right, used = [fixed], [np.broadcast_to(NS.astype(np.int8)[:, None, None], shape)]
    if thresholds:
        sure = _CHANCES[np.maximum(own, rival), np.maximum(second, np.minimum(own, rival))]
    for threshold in thresholds:
        enough = sure >= threshold
        stop = np.where(enough.any(axis=0), enough.argmax(axis=0) + 1, DEEPEST).astype(np.int8)
        asked = np.minimum(stop, NS.astype(np.int8)[:, None, None])
        last = np.take_along_axis(fixed, stop[None].astype(np.int64) - 1, axis=0)
        right.append(np.where(asked < stop, fixed, last))
        used.append(asked)
    return np.concatenate(right), np.concatenate(used)


def _chance(v1: int, v2: int) -> float:
    return float(_beats(DEEPEST)[v1, v2]) if v2 <= v1 and v1 + v2 <= DEEPEST else 0.0


_CHANCES = np.array([[_chance(v1, v2) for v2 in range(DEEPEST + 1)] for v1 in range(DEEPEST + 1)])


class BestOf(World):
    """Best of n <= 32 by the weighted objectives that also score it, as in the paper.

    Attributes:
        values: of every answer class under each preference, shape (C, A).
    """

    def __init__(self, population: Population, values: Floats, budget: int, seed: int) -> None:
        super().__init__(population, np.arange(population.shares.shape[1]), budget, seed)
        self.values, self.depths = values, NS

    @property
    def plain(self) -> Sequence[bool]:
        """All are."""
        return [True] * self.tactics

    def earn(self, drawn: Integers, source: int) -> Floats:
        """The mean of the best so far, less what was asked."""
        found, inner = [], np.ascontiguousarray(np.moveaxis(drawn, -1, 0))
        for values, weight in zip(self.values, self.population.weights, strict=True):
            best = np.maximum.accumulate(values.astype(np.float32)[inner], axis=0).mean(axis=2)
            found.append(best - weight * self.population.cost[source] * NS[:, None])
        return np.array(found)

    def earn_block(self, blocks: Integers, source: int) -> Floats:
        """The best of each block."""
        best = self.values[:, blocks].max(axis=3)
        price = self.population.weights * self.population.cost[source] * blocks.shape[2]
        return np.asarray(best - price[:, None, None])


def search(sampler: Planned, world: World, mark: Mapping[str, Any] | None = None) -> list[Choice]:
    """Carry a plan out, from a mark on if one is given, and say what it chose. A plan that overspends is an error."""
    for turn in sampler.plan(world, mark):
        world.buy(*turn)
        if world.spent > world.budget:
            raise RuntimeError(f"{type(sampler).__name__} spent {world.spent} of {world.budget}")
        sampler.learn(world, turn)
    return sampler.best(world)
