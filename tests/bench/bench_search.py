"""All samplers at equal budget on recorded and on synthetic tasks. Run by hand, or by `make bench-search`.

MATH as in methods of the literature (Mahmud et al. 2508.10030): 80% of the questions are learnt on, the rest are scored
exactly, on average over three preferences; ties count half. The others are scored on the questions that they learn on.
Every difference is paired: the same splits and seeds.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import erfc
from multiprocessing import get_context
from pathlib import Path
from statistics import NormalDist
from time import perf_counter

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.samplers import BaseSampler

from jointopt.analysis import LIKELY, Flips, Lines, find_flips
from jointopt.search.samplers import SAMPLERS
from jointopt.search.samplers.joint import Joint
from jointopt.search.samplers.planned import Planned
from jointopt.search.samplers.psst import Psst
from jointopt.search.samplers.psst_k import PsstK
from jointopt.search.samplers.tpe import Tpe
from jointopt.search.samplers.triple import Triple
from jointopt.search.samplers.uniform import Uniform
from jointopt.strategies.majority import win_chances
from tests.bench.populations import make_objectives, make_votes, read_math, split, vote_population
from tests.bench.suggesting import SUGGESTING, resample, suggest_on
from tests.bench.worlds import BestOf, Population, Votes, World, search

BUDGETS = (1_000, 2_000, 5_000, 10_000, 20_000)
EARLY = 1_500  # calls after which joint should be where PSST is at the end
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
HARVESTED = (1_000, 2_000, 5_000)  # calls of TPE with the harvest; five times as many without
SEEDS = 24  # of each: regrets of single runs lie far apart
FLIP, SAMPLES, ORDERS = (1, 4), 8, 40  # two prompts of MATH, samples of each question, and draws of them

Scores = dict[str, dict[int, np.ndarray]]
Jobs = Mapping[tuple[str, int], "Future[np.ndarray]"]


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
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # there is a process for every core
    start, folder = perf_counter(), Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        every = [(arena, begin(arena, pool)) for arena in arenas()]
        harvests, flip = begin_harvest(pool), pool.submit(see_flip)
        found = {arena.name: finish(jobs) for arena, jobs in every}
        for arena, _ in every:
            show(arena, found[arena.name])
        if "MATH" in found:
            show_early(found["MATH"])
            show_gain(found["MATH"], found["MATH with adaptive votes"])
        show_harvest(harvests)
        print(flip.result())
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
        Arena("MATH with adaptive votes", adaptive, splits, None, THRESHOLDS, (10_000,)),
        *found,
    ]


def begin(arena: Arena, pool: ProcessPoolExecutor) -> Jobs:
    """Every sampler at every budget; joint also at `EARLY` calls."""
    samplers = [*PLANNING, *SUGGESTING] if not arena.thresholds else ["joint"]
    pairs = [(name, budget) for name in samplers for budget in arena.budgets]
    early = [("joint", EARLY)] if arena.name == "MATH" else []
    return {(name, budget): pool.submit(play, arena, name, budget) for name, budget in (*pairs, *early)}


def finish(jobs: Jobs) -> Scores:
    """The score of every run, by sampler and budget."""
    found: Scores = {}
    for (name, budget), job in jobs.items():
        found.setdefault(name, {})[budget] = job.result()
    return found


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


def show(arena: Arena, scores: Scores) -> None:
    """Mean and standard error, and paired tests of joint against the best PSST variant and its nearest rival.

    Where everything that is scored was there to be learnt on, the regret: what the best policies are worth, and more.
    """
    best = 0.0 if arena.name.startswith("MATH") else float(arena.population.worth.mean(axis=3).max(axis=(1, 2)).mean())
    print(f"\n{arena.name}{f', regret (the optimum is {best:.4f})' if best else ''}")
    print(f"{'':17}" + "".join(f"{budget:>17,}" for budget in arena.budgets) + "   runs")
    for sampler, by_budget in scores.items():
        rows = [by_budget[budget] for budget in arena.budgets]
        cells = [f"{abs(best - row.mean()):.4f} ± {row.std(ddof=1) / len(row) ** 0.5:.4f}" for row in rows]
        print(f"{sampler:17}" + "".join(f"{cell:>17}" for cell in cells) + f"{len(rows[0]):7}")
    for title, rivals in (("best psst", VARIANTS), ("nearest rival", [name for name in scores if name != "joint"])):
        if set(rivals) <= set(scores) and rivals:
            print(f"joint less {title}: " + "; ".join(nearest(scores, rivals, budget) for budget in arena.budgets))


def nearest(scores: Scores, rivals: Sequence[str], budget: int) -> str:
    """Joint's smallest lead over some samplers, each on the runs that it had itself."""
    gaps = {rival: paired(scores["joint"][budget], scores[rival][budget]) for rival in rivals}
    name = min(gaps, key=lambda rival: gaps[rival][0])
    mean, error = gaps[name]
    return f"{mean:+.4f} ({name}; p {erfc(abs(mean) / max(error, 1e-12) / 2**0.5):.0e})"


def paired(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The mean difference over the runs that both had, and its standard error."""
    both = min(len(one), len(other))
    gap = one[:both] - other[:both]
    return float(gap.mean()), float(gap.std(ddof=1) / both**0.5)


def show_early(scores: Scores) -> None:
    """Joint after few calls against PSST after many."""
    for rival in VARIANTS:
        mean, error = paired(scores["joint"][EARLY], scores[rival][BUDGETS[-1]])
        print(
            f"joint at {EARLY:,} ({scores['joint'][EARLY].mean():.4f}) less {rival} at {BUDGETS[-1]:,}: "
            f"{mean:+.4f} ± {error:.4f}"
        )


def show_gain(plain: Scores, adaptive: Scores) -> None:
    """What strategies that stop early add."""
    for budget in adaptive["joint"]:
        mean, error = paired(adaptive["joint"][budget], plain["joint"][budget])
        print(f"with adaptive votes at {budget:,}: {mean:+.4f} ± {error:.4f}")


def begin_harvest(pool: ProcessPoolExecutor) -> Mapping[tuple[str, int], "Sequence[Future[np.ndarray]]"]:
    """TPE over a pool, and TPE that samples every policy anew with five times the calls: the regrets of both."""
    populations = {"MATH": read_math(), "votes": make_votes()}
    known = {name: population for name, population in populations.items() if population is not None}
    return {
        (name, budget): [pool.submit(regrets, population, *how) for how in ((Tpe, budget), (resample, 5 * budget))]
        for name, population in known.items()
        for budget in HARVESTED
    }


def show_harvest(jobs: Mapping[tuple[str, int], "Sequence[Future[np.ndarray]]"]) -> None:
    """The regret of both."""
    print("\nTPE's regret with the harvest, and without after five times the calls")
    for (name, budget), (pooled, anew) in jobs.items():
        mean, error = paired(anew.result(), pooled.result())
        print(
            f"{name}: {pooled.result().mean():.4f} after {budget:,}, {anew.result().mean():.4f} after {5 * budget:,} "
            f"(difference {mean:.4f} ± {error:.4f})"
        )


def regrets(population: Population, sampler: Callable[[int], BaseSampler], calls: int) -> np.ndarray:
    """Of some runs on all questions."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return np.array([_regret(population, sampler, seed, calls) for seed in range(SEEDS)])


def _regret(population: Population, sampler: Callable[[int], BaseSampler], seed: int, calls: int) -> float:
    world, built = Votes(population, np.arange(population.shares.shape[1]), calls, seed), sampler(seed)
    chosen = search(built, world) if isinstance(built, Planned) else suggest_on(built, world, reuse=False)
    return float(population.worth[0].mean(axis=2).max() - population.worth[0, chosen[0][0], chosen[0][1]].mean())


def see_flip() -> str:
    """Whether few samples of each question tell that a prompt which is better alone is worse in a vote."""
    math = read_math()
    if math is None:
        return "no recorded answers: the flip is not looked for"
    pair, every = vote_population(math.shares[[*FLIP]], math.cost[[*FLIP]], np.zeros(1)), np.arange(316)
    chosen, ahead, ns = 0, 0, tuple(range(1, SAMPLES + 1))
    swaps = []
    for seed in range(ORDERS):
        world = Votes(pair, every, 2 * SAMPLES * len(every), seed)
        chosen += search(Joint(seed, sure=None), world)[0][0]
        draws = np.random.default_rng(seed).multinomial(SAMPLES, pair.shares)
        tables = [win_chances(counts, ns)[..., 0].T for counts in draws]
        lead, error = paired(tables[0][0], tables[1][0])
        ahead += lead > NormalDist().inv_cdf(LIKELY) * error
        values = np.stack(tables, axis=1)
        told = find_flips([Lines("prompt", "n", tuple(map(str, FLIP)), tuple(map(str, ns)), values)])
        swaps += [one.probability for one in told.flips if one.first == str(FLIP[0])] if isinstance(told, Flips) else []
    found = np.array(swaps)
    return (
        f"MATH prompts {FLIP[0]} and {FLIP[1]}, {SAMPLES} samples of each question, {ORDERS} draws: joint takes "
        f"{FLIP[1]} for votes in {chosen}; the curves cross in {len(found)}, more likely than not in "
        f"{(found > 1 / 2).sum()}, with a chance of {LIKELY:g} in {(found >= LIKELY).sum()}; that "
        f"{FLIP[0]} leads at n = 1 is by itself so sure in {ahead} only"
    )


def draw(name: str, scores: Scores, file: Path) -> None:
    """Score against calls."""
    figure = go.Figure(layout_title=f"{name}: what calls buy")
    for sampler, by_budget in scores.items():
        budgets = sorted(by_budget)
        rows = [by_budget[budget] for budget in budgets]
        error = {"array": [1.96 * row.std(ddof=1) / len(row) ** 0.5 for row in rows]}
        figure.add_scatter(x=budgets, y=[row.mean() for row in rows], error_y=error, name=sampler)
    figure.update_xaxes(type="log", title="calls allowed")
    figure.update_yaxes(title="score of the chosen policies (mean over preferences)")
    figure.write_html(file)
    print(f"drawn: {file}")


if __name__ == "__main__":
    main()
