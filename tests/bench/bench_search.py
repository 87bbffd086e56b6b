"""All samplers at equal budget on recorded and on synthetic tasks. Run by hand, or by `make bench-search`.

MATH as in methods of the literature (Mahmud et al. 2508.10030): 80% of the questions are learnt on, the rest are scored
exactly, on average over three preferences; ties count half. The others are scored on the questions that they learn on.
Every difference is paired: the same splits and seeds.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import erfc
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.samplers import BaseSampler

from jointopt.search.samplers import SAMPLERS
from jointopt.search.samplers.joint import Joint
from jointopt.search.samplers.planned import Planned
from jointopt.search.samplers.psst import Psst
from jointopt.search.samplers.psst_k import PsstK
from jointopt.search.samplers.tpe import Tpe
from jointopt.search.samplers.triple import Triple
from jointopt.search.samplers.uniform import Uniform
from tests.bench.populations import make_objectives, make_votes, read_math, split
from tests.bench.suggesting import SUGGESTING, resample, suggest_on
from tests.bench.worlds import BestOf, Population, Votes, World, search

BUDGETS = (1_000, 2_000, 5_000, 10_000, 20_000)
PLANNING: dict[str, Callable[[int], Planned]] = {
    "joint": partial(Joint, sure=None),
    "tpe": Tpe,
    "psst": Psst,
    "psst_k, K = 8": partial(PsstK, k=8),
    "psst_k, K = 1": partial(PsstK, k=1),
    "triple": Triple,
    "uniform": Uniform,
}
VARIANTS = ("psst", "psst_k, K = 8", "psst_k, K = 1")
REPEATS, RUNS = 20, 20  # of five splits on MATH; seeds on a synthetic world
FEW = 8  # of them for Optuna's samplers, whose suggestions take most of the time
SLOW = {"tpe", *SUGGESTING}
THRESHOLDS = (0.8, 0.9, 0.95)


@dataclass(frozen=True, eq=False)
class Arena:
    """A task to search on.

    Attributes:
        name: for the table.
        population: what is true.
        runs: (what may be learnt on, what is scored) for each run.
        values: of answer classes under each preference, where the best of n counts and not the vote.
        thresholds: of adaptive votes beside the plain ones.
    """

    name: str
    population: Population
    runs: Sequence[tuple[np.ndarray, np.ndarray]]
    values: np.ndarray | None = None
    thresholds: tuple[float, ...] = ()
    budgets: tuple[int, ...] = BUDGETS

    def open(self, run: int, budget: int) -> World:
        """The world of one run."""
        learnt = self.runs[run][0]
        if self.values is not None:
            return BestOf(self.population, self.values, budget, run)
        return Votes(self.population, learnt, budget, run, self.thresholds)


def main() -> None:
    """Print every task's table, and draw what calls buy."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    start, folder = perf_counter(), Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = {arena.name: measure(arena, pool) for arena in arenas()}
    for name, scores in found.items():
        show(name, scores)
    if "MATH" in found:
        show_gain(found["MATH"], found["MATH with adaptive votes"])
    show_harvest()
    for name, scores in found.items():
        draw(name, scores, folder / f"search-{name.lower().replace(' ', '-')}.html")
    print(f"\n{perf_counter() - start:.0f} s in all; no run spent more than its budget")


def arenas() -> list[Arena]:
    """Recorded answers where they are at hand, and two synthetic worlds."""
    votes, (objectives, values) = make_votes(), make_objectives()
    every = [(np.arange(votes.shares.shape[1]),) * 2] * RUNS
    found = [Arena("votes, 3 preferences", votes, every), Arena("best of, 27 preferences", objectives, every, values)]
    math = read_math()
    if math is None:
        print("no recorded answers: set JOINTOPT_BENCH_DATA")
        return found
    splits, adaptive = split(math.shares.shape[1], REPEATS, seed=2026), read_math(THRESHOLDS)
    assert adaptive is not None
    return [
        Arena("MATH", math, splits),
        Arena("MATH with adaptive votes", adaptive, splits, None, THRESHOLDS, (5_000, 10_000)),
        *found,
    ]


Scores = dict[str, dict[int, np.ndarray]]


def measure(arena: Arena, pool: ProcessPoolExecutor) -> Scores:
    """The score of every run, by sampler and budget."""
    samplers = [*PLANNING, *SUGGESTING] if not arena.thresholds else ["joint"]
    jobs = {(name, budget): pool.submit(play, arena, name, budget) for name in samplers for budget in arena.budgets}
    return {name: {budget: jobs[name, budget].result() for budget in arena.budgets} for name in samplers}


def play(arena: Arena, name: str, budget: int) -> np.ndarray:
    """One sampler at one budget."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    scores = []
    for run in range(FEW if name in SLOW else len(arena.runs)):
        world = arena.open(run, budget)
        sampler = PLANNING[name](run) if name in PLANNING else SAMPLERS[name](run)
        chosen = search(sampler, world) if isinstance(sampler, Planned) else suggest_on(sampler, world)
        scores.append(world.value(chosen, arena.runs[run][1]))
    return np.array(scores)


def show(name: str, scores: Scores) -> None:
    """Mean, standard error, and the paired test of joint against the best PSST variant at each budget."""
    print(f"\n{name}\n{'':17}" + "".join(f"{budget:>17,}" for budget in scores["joint"]))
    for sampler, by_budget in scores.items():
        cells = [f"{row.mean():.4f} ± {row.std(ddof=1) / len(row) ** 0.5:.4f}" for row in by_budget.values()]
        print(f"{sampler:17}" + "".join(f"{cell:>17}" for cell in cells))
    if VARIANTS[0] not in scores:
        return
    tests = []
    for budget in BUDGETS:
        best = max((scores[variant][budget] for variant in VARIANTS), key=np.mean)
        gap = scores["joint"][budget] - best
        error = gap.std(ddof=1) / len(gap) ** 0.5
        tests.append(f"{gap.mean():+.4f} (p {erfc(abs(gap.mean()) / error / 2**0.5):.0e})")
    print("joint less best psst: " + ", ".join(tests))


def show_gain(plain: Scores, adaptive: Scores) -> None:
    """What strategies that stop early add."""
    for budget in adaptive["joint"]:
        gain = adaptive["joint"][budget] - plain["joint"][budget]
        print(f"with adaptive votes at {budget:,}: {gain.mean():+.4f} ± {gain.std(ddof=1) / len(gain) ** 0.5:.4f}")


def show_harvest() -> None:
    """TPE over a pool, and TPE that samples every policy anew with five times the calls: the regret of both."""
    populations = {"MATH": read_math(), "votes": make_votes()}
    known = {name: population for name, population in populations.items() if population is not None}
    for name, population in known.items():
        for budget in (2_000, 10_000):
            pooled, anew = (
                [_regret(population, sampler, seed, calls) for seed in range(FEW)]
                for sampler, calls in ((Tpe, budget), (resample, 5 * budget))
            )
            gap = np.array(anew) - pooled
            error = gap.std(ddof=1) / len(gap) ** 0.5
            print(
                f"{name}: TPE's regret is {np.mean(pooled):.4f} after {budget:,} calls with the harvest, "
                f"{np.mean(anew):.4f} after {5 * budget:,} without (difference {gap.mean():.4f} ± {error:.4f})"
            )


def _regret(population: Population, sampler: Callable[[int], BaseSampler], seed: int, calls: int) -> float:
    world, built = Votes(population, np.arange(population.shares.shape[1]), calls, seed), sampler(seed)
    chosen = search(built, world) if isinstance(built, Planned) else suggest_on(built, world, reuse=False)
    return float(population.worth[0].mean(axis=2).max() - population.worth[0, chosen[0][0], chosen[0][1]].mean())


def draw(name: str, scores: Scores, file: Path) -> None:
    """Score against calls."""
    figure = go.Figure(layout_title=f"{name}: what calls buy")
    for sampler, by_budget in scores.items():
        rows = list(by_budget.values())
        error = {"array": [1.96 * row.std(ddof=1) / len(row) ** 0.5 for row in rows]}
        figure.add_scatter(x=list(by_budget), y=[row.mean() for row in rows], error_y=error, name=sampler)
    figure.update_xaxes(type="log", title="calls allowed")
    figure.update_yaxes(title="score of the chosen policies (mean over preferences)")
    figure.write_html(file)
    print(f"drawn: {file}")


if __name__ == "__main__":
    main()
