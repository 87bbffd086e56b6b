"""What a suggestion costs as a study grows: ours beside Optuna's TPE, in one process. Run by hand.

Our sampler decides by the samples, round by round, so that no trial has to look at earlier ones; what a round costs
grows with the policies that are still in the race.
"""

from time import perf_counter

import numpy as np
import optuna
from optuna.distributions import BaseDistribution

from jointopt.search.samplers.joint import Joint
from tests.bench.populations import make_votes
from tests.bench.suggesting import resample
from tests.bench.worlds import DEEPEST, Votes

TRIALS = (100, 1_000, 10_000)
SOURCES = (16, 64, 256)
ASKS = 20


def main() -> None:
    """Print both tables."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    world = Votes(make_votes(), np.arange(100), 10_000, 0)
    print(f"one trial in Optuna, 32 prompts x {DEEPEST} n, in memory (ratio to our sampler's at {TRIALS[0]} trials)")
    unit = 0.0
    for trials in TRIALS:
        ours = asking(Joint(0), world, trials)
        unit = unit or ours
        print(f"{trials:7,} trials: joint {ours / unit:6.1f}   tpe {asking(resample(0), world, trials) / unit:8.1f}")
    print("\nthinking of one round, every policy in the race, 100 examples (ratio for each policy)")
    unit = 0.0
    for sources in SOURCES:
        spent = thinking(sources) / (sources * DEEPEST)
        unit = unit or spent
        print(f"{sources * DEEPEST:7,} policies: {spent / unit:6.2f}")


def asking(sampler: optuna.samplers.BaseSampler, world: Votes, trials: int) -> float:
    """Seconds of one trial's record in a study that has so many."""
    every: dict[str, BaseDistribution] = dict(world.distributions)
    rng, study = np.random.default_rng(0), optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(trials):
        params = world.params(int(rng.integers(32)), int(rng.integers(DEEPEST)))
        study.add_trial(optuna.create_trial(value=rng.random(), params=params, distributions=every))
    start = perf_counter()
    for turn in range(ASKS):
        if isinstance(sampler, Joint):  # its plan says what comes next, and the trial is told when it is done
            params = world.params(turn % 32, turn % DEEPEST)
            study.add_trial(optuna.create_trial(value=0.5, params=params, distributions=every))
        else:
            study.tell(study.ask(every), 0.5)
    return (perf_counter() - start) / ASKS


def thinking(sources: int) -> float:
    """Seconds that the first round's decision takes, beside the samples."""
    world = Votes(make_votes(prompts=sources), np.arange(100), 100 * sources * 10, 0)
    plan = Joint(0, sure=None).plan(world)
    world.buy(*next(plan))
    start = perf_counter()
    next(plan)
    return perf_counter() - start


if __name__ == "__main__":
    main()
