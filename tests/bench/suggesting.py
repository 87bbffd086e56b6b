"""Optuna's samplers on a world: each trial judges one policy on one more block of examples."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution

from jointopt.domain import BLOCK
from jointopt.search.samplers import SAMPLERS, Informed
from jointopt.search.samplers.planned import Choice
from jointopt.search.view import Buy, Floats
from jointopt.strategies.majority import win_chances
from tests.bench.worlds import BestOf, World

SUGGESTING = ("tpe", "random", "grid", "nsga2")
MOST = 150  # trials: by then every budget of the benchmark is spent or nothing new is suggested


class Bench:
    """What is known of every policy of a world, and what a trial buys.

    Args:
        world: with its budget.
        reuse: whether a trial's samples score every policy that they cover; otherwise each trial buys its own.
    """

    def __init__(self, world: World, *, reuse: bool = True) -> None:
        self.world, self.reuse = world, reuse
        self.sums, self.met = (
            np.zeros((world.preferences, world.sources, world.tactics)),
            np.zeros((world.sources, world.tactics)),
        )
        self.met = self.met.astype(np.int64)
        self.choices = {"source": list(range(world.sources)), "tactic": list(range(world.tactics))}

    def judge(self, source: int, tactic: int) -> float | None:
        """Judge a policy on its next block; None where the budget does not cover it."""
        world, depth = self.world, int(self.world.depths[tactic])
        met = int(self.met[source, tactic])
        block = np.arange(met, min(met + BLOCK, world.examples))
        if len(block) == 0:
            return float(self.value(source, tactic))
        fresh = np.zeros(len(block), dtype=np.int64) if not self.reuse else world.held[source, block]
        for further in np.unique(depth - fresh[fresh < depth]):
            buy = Buy(source, tactic, block[(depth - fresh) == further], int(further))
            if buy.calls > world.room():
                return None
            world.buy(buy)
        self._learn(source, tactic, block)
        return float(self.value(source, tactic))

    def _learn(self, source: int, tactic: int, block: np.ndarray) -> None:
        earned = exact(self.world, source, block)
        covered = np.array([tactic]) if not self.reuse else np.flatnonzero(~np.isnan(earned[0, :, 0]))
        new = covered[self.met[source, covered] == block[0]]
        self.sums[:, source, new] += earned[:, new].sum(axis=2)
        self.met[source, new] += len(block)

    def value(self, source: int, tactic: int) -> float:
        """Mean utility under the first preference; NaN where it was not judged."""
        return (
            float(self.sums[0, source, tactic] / self.met[source, tactic]) if self.met[source, tactic] else float("nan")
        )

    def known(self) -> list[tuple[dict[str, int], float]]:
        """As samplers are told it."""
        with np.errstate(invalid="ignore"):
            values = self.sums[0] / self.met
        return [
            ({"source": s, "tactic": t}, float(values[s, t]))
            for s in range(len(values))
            for t in range(values.shape[1])
        ]

    def best(self) -> list[Choice]:
        """Of the policies judged on the most blocks, the best under each preference."""
        widest = self.met == self.met.max()
        with np.errstate(invalid="ignore"):
            means = np.where(widest, self.sums / self.met, -np.inf)
        return [(int(mean.argmax()) // mean.shape[1], int(mean.argmax()) % mean.shape[1]) for mean in means]


def suggest_on(
    name: str, world: World, seed: int, *, reuse: bool = True, trace: list[tuple[int, list[Choice]]] | None = None
) -> Sequence[Choice]:
    """Let one of Optuna's samplers spend a world's budget; `trace` takes (calls, choices) after every trial."""
    bench, sampler = Bench(world, reuse=reuse), SAMPLERS[name](seed)
    every: dict[str, BaseDistribution] = {
        key: CategoricalDistribution(choices) for key, choices in bench.choices.items()
    }
    if isinstance(sampler, Informed):
        sampler.inform(every, bench.known if reuse or name == "grid" else partial(_told, bench))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(MOST):
        trial = study.ask(every)
        value = bench.judge(trial.params["source"], trial.params["tactic"])
        if value is None:
            break
        study.tell(trial, value)
        if trace is not None:
            trace.append((world.spent, bench.best()))
    return bench.best() if bench.met.any() else [(0, 0)] * world.preferences


def _told(bench: Bench) -> list[tuple[dict[str, int], float]]:
    return [entry for entry in bench.known() if np.isfinite(entry[1])]


def exact(world: World, source: int, block: np.ndarray) -> Floats:
    """Unbiased estimates from all samples of each example, shape (C, X, E); NaN where they are too few."""
    counts = world.counts[source, block].astype(np.int64)
    found = np.full((world.preferences, world.tactics, len(block)), np.nan)
    price = world.population.weights[:, None] * world.population.cost[source]
    for held in np.unique(counts.sum(axis=1)):
        rows, ns = np.flatnonzero(counts.sum(axis=1) == held), [int(n) for n in world.depths if n <= held]
        if not ns:
            continue
        if isinstance(world, BestOf):
            for c, values in enumerate(world.values):
                found[c, : len(ns), rows] = best_of(counts[rows], values, ns)
        else:
            found[:, : len(ns), rows] = win_chances(counts[rows], ns)[..., 0].T
        found[:, : len(ns), rows] -= (price * np.array(ns))[:, :, None]
    return found


def best_of(counts: np.ndarray, values: np.ndarray, ns: Sequence[int]) -> Floats:
    """Mean of the best of n drawn without replacement, shape (E, len(ns))."""
    order = np.argsort(values)
    up_to, held = counts[:, order].cumsum(axis=1), int(counts[0].sum())
    ways = np.ones((len(counts), len(ns), len(order)))
    for i, n in enumerate(ns):
        for j in range(n):
            ways[:, i] *= np.maximum(up_to - j, 0) / (held - j)
    return np.asarray(np.diff(ways, axis=2, prepend=0.0) @ values[order])
