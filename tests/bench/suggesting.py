"""Optuna's samplers on a world: each trial judges one policy on one more block of examples."""

from collections.abc import Sequence

import numpy as np
import optuna
from optuna.samplers import BaseSampler, TPESampler

from jointopt.domain import BLOCK
from jointopt.search.samplers import Grid
from jointopt.search.samplers.planned import Choice
from jointopt.search.view import Buy, Floats
from jointopt.strategies.majority import win_chances
from tests.bench.worlds import BestOf, World

SUGGESTING = ("random", "grid", "nsga2")


def resample(seed: int) -> BaseSampler:
    """TPE as an objective function would use it, that samples every policy anew."""
    return TPESampler(seed=seed, n_startup_trials=12, multivariate=True, constant_liar=True)


MOST = 150  # trials: by then every budget of the benchmark is spent or nothing new is suggested


class Bench:
    """What is known of every policy of a world, and what a trial buys.

    Args:
        world: with its budget.
        reuse: whether a trial's samples score every policy that they cover; otherwise each trial buys its own.
    """

    def __init__(self, world: World, *, reuse: bool = True) -> None:
        self.world, self.reuse = world, reuse
        self.earned = np.full((world.preferences, world.sources, world.tactics, world.examples), np.nan)
        self.met = np.zeros((world.sources, world.tactics), dtype=np.int64)

    def judge(self, source: int, tactic: int) -> float | None:
        """Judge a policy on one block more, and on all of them while it can still win; None where the budget ends.

        Without reuse: on all examples, with samples of its own.
        """
        while True:
            if not (self._reused if self.reuse else self._alone)(source, tactic):
                return None
            if self.met[source, tactic] >= self.world.examples or not self._open(source, tactic):
                return float(np.nanmean(self.earned[0, source, tactic]))

    def _open(self, source: int, tactic: int) -> bool:
        """Whether it could still beat the leader (`evaluation.race`), on the examples that both have met."""
        leader = self.best()[0]
        shared = min(int(self.met[source, tactic]), int(self.met[leader]))
        lead = (self.earned[0, leader[0], leader[1]] - self.earned[0, source, tactic])[:shared]
        return leader == (source, tactic) or bool(lead.mean() <= 1.2816 * max(lead.std(ddof=1) / shared**0.5, 1e-9))

    def _reused(self, source: int, tactic: int) -> bool:
        """Buy what the pool lacks, and score every policy that it covers now."""
        world, depth = self.world, int(self.world.depths[tactic])
        block = np.arange(self.met[source, tactic], min(self.met[source, tactic] + BLOCK, world.examples))
        lacking = np.maximum(depth - world.held[source, block], 0)
        for further in np.unique(lacking[lacking > 0]):
            if not self._buy(Buy(source, tactic, block[lacking == further], int(further))):
                return False
        if len(block):
            self.earned[:, source, :, block] = np.moveaxis(exact(world, source, block), 2, 0)
            self.met[source] = (~np.isnan(self.earned[0, source])).sum(axis=1)
        return True

    def _alone(self, source: int, tactic: int) -> bool:
        """Buy n samples of all examples for this policy alone, whatever there is already."""
        buy = Buy(source, tactic, np.arange(self.world.examples), int(self.world.depths[tactic]))
        if not self._buy(buy):
            return False
        self.earned[:, source, tactic] = self.world.rewards(buy)[:, tactic]
        self.met[source, tactic] = self.world.examples
        return True

    def _buy(self, buy: Buy) -> bool:
        if buy.calls > self.world.room():
            return False
        self.world.buy(buy)
        return True

    def known(self) -> list[tuple[dict[str, int], float]]:
        """As samplers are told it."""
        values = self._means()[0]
        return [
            ({"source": s, "n": t}, float(values[s, t])) for s in range(len(values)) for t in range(values.shape[1])
        ]

    def best(self) -> list[Choice]:
        """Of the policies judged on the most examples, the best under each preference."""
        means = np.where(self.met == max(self.met.max(), 1), self._means(), -np.inf)
        return [(int(mean.argmax()) // mean.shape[1], int(mean.argmax()) % mean.shape[1]) for mean in means]

    def _means(self) -> Floats:
        sums, met = np.nansum(self.earned, axis=3), self.met
        return np.asarray(np.where(met > 0, sums / np.maximum(met, 1), np.nan))


def suggest_on(
    sampler: BaseSampler, world: World, *, reuse: bool = True, trace: list[tuple[int, list[Choice]]] | None = None
) -> Sequence[Choice]:
    """Let one of Optuna's samplers spend a world's budget; `trace` takes (calls, choices) after every trial."""
    bench, every = Bench(world, reuse=reuse), dict(world.distributions)
    if isinstance(sampler, Grid):
        sampler.go_through(every, [params for params, _ in bench.known()])
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(MOST):
        trial = study.ask(every)
        value = bench.judge(*world.place(trial.params))
        if value is None:
            break
        study.tell(trial, value)
        if trace is not None:
            trace.append((world.spent, bench.best()))
    return bench.best() if bench.met.any() else [(0, 0)] * world.preferences


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
    drawn = np.arange(ns[-1])[:, None]
    ways = (np.maximum(up_to[:, None] - drawn, 0) / (held - drawn)).cumprod(axis=1)[:, np.array(ns) - 1]
    return np.asarray(np.diff(ways, axis=2, prepend=0.0) @ values[order])
