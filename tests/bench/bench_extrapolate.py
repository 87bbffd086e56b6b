"""How far off extrapolation is, on recorded answers: bias, root mean square error, and how often intervals hold.

A pool of K samples is drawn from the 128 (or 100) that were recorded, many times over; what it says of n > K is held
against the exact estimate from all of them, beside the plug-in of raw shares. Run by hand.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jointopt.domain.scorecard import interval
from jointopt.evaluation.extrapolate import Extrapolation, extrapolate_best_of, extrapolate_majority
from jointopt.strategies.majority import win_chances
from tests.recorded import FOLDER, Recorded, read_recorded

KS = (4, 8, 16)
TIMES = 20  # pools drawn for each K
EVERY = 5  # one prompt in so many is extrapolated each time, all of them in turn
RESAMPLED = 100  # questions of a study that an interval is judged on
PUZZLE_TIMES, PUZZLE_SAMPLES = 200, 100
FINE = 100_000  # copies of a pool of which n drawn without replacement are as good as with

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass
class Errors:
    """What an estimator was off by, and how often its intervals held the truth."""

    values: list[Floats] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def line(self) -> str:
        """Bias, error of a value, error of a mean over questions, coverage."""
        errors = np.array(self.values)
        of_value, of_mean = np.sqrt((errors**2).mean()), np.sqrt((errors.mean(axis=-1) ** 2).mean())
        return f"{errors.mean():+9.4f}{of_value:9.4f}{of_mean:9.4f}{np.mean(self.held):9.3f}"


def main() -> None:
    """Print the tables."""
    recorded = read_recorded()
    if recorded is None:
        print("no data: set JOINTOPT_BENCH_DATA")
        return
    for samples, n in (*((samples, 32) for samples in KS), (KS[-1], 64)):
        _show(f"MATH, majority of {n} from K = {samples}", votes(recorded, samples, n))
    for samples in KS:
        print(f"prompt 4 is seen to beat prompt 1 in a vote of 32 from K = {samples}: {flips(recorded, samples)}")
    for prompt, right in read_puzzles().items():
        for samples in KS:
            _show(f"Game of 24, {prompt}, pass@{PUZZLE_SAMPLES} from K = {samples}", puzzles(right, samples))


def _show(title: str, found: dict[str, Errors]) -> None:
    print(f"{title:44}     bias     rmse  of mean    holds")
    for name, errors in found.items():
        print(f"  {name:42}{errors.line()}", flush=True)


def votes(recorded: Recorded, samples: int, n: int, times: int = TIMES) -> dict[str, Errors]:
    """Errors of the majority of n from K samples of every question, prompts taking turns."""
    rng, marks = np.random.default_rng(samples), _marks(recorded)
    truth = _right(recorded.counts, recorded.right, n)
    found = {"raw shares, plugged in": Errors(), "extrapolated": Errors(), "extrapolated, with other prompts": Errors()}
    for time in range(times):
        counts = draw(rng, recorded.counts, samples)
        others = counts.sum(axis=0) - counts
        turn = range(time % EVERY, len(counts), EVERY)
        raw = dict(zip(turn, _right(counts[turn] * FINE, recorded.right, n), strict=True))
        for prompt in turn:
            some = rng.integers(len(marks), size=RESAMPLED)
            for name, errors in found.items():
                if name.startswith("raw"):
                    values, reach = raw[prompt], interval(raw[prompt][some])
                else:
                    known = others[prompt] if name.endswith("prompts") else None
                    values = _vote(counts[prompt], marks, n, known, time).values
                    part = None if known is None else known[some]
                    reach = _vote(counts[prompt][some], marks[some], n, part, time).interval
                errors.values.append(values - truth[prompt])
                errors.held.append(reach[0] <= truth[prompt].mean() <= reach[1])
    return found


def flips(recorded: Recorded, samples: int) -> str:
    """How often the extrapolation, the exact score at n = K, and the raw plug-in put prompt 4 before prompt 1."""
    rng, marks, seen = np.random.default_rng(samples), _marks(recorded), []
    for time in range(TIMES):
        counts = draw(rng, recorded.counts, samples)
        others = counts.sum(axis=0) - counts
        plain = [_vote(counts[prompt], marks, 32, None, time).score for prompt in (1, 4)]
        known = [_vote(counts[prompt], marks, 32, others[prompt], time).score for prompt in (1, 4)]
        exact = _right(counts[[1, 4]], recorded.right, samples).mean(axis=1)
        raw = _right(counts[[1, 4]] * FINE, recorded.right, 32).mean(axis=1)
        seen.append([second > first for first, second in (plain, known, exact, raw)])
    shares = dict(zip(("alone", "with other prompts", "exact at K", "raw"), np.mean(seen, axis=0), strict=True))
    return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())


def puzzles(right: Integers, samples: int) -> dict[str, Errors]:
    """Errors of pass@100 from K samples of each puzzle."""
    rng, truth = np.random.default_rng(samples), (right > 0).astype(np.float64)
    found = {"raw shares, plugged in": Errors(), "extrapolated": Errors()}
    for _ in range(PUZZLE_TIMES):
        seen = rng.hypergeometric(right, PUZZLE_SAMPLES - right, samples)
        some = rng.integers(len(right), size=RESAMPLED)
        raw = 1 - (1 - seen / samples) ** PUZZLE_SAMPLES
        found["raw shares, plugged in"].values.append(raw - truth)
        found["extrapolated"].values.append(extrapolate_best_of(seen, samples, PUZZLE_SAMPLES).values - truth)
        reaches = (interval(raw[some]), extrapolate_best_of(seen[some], samples, PUZZLE_SAMPLES).interval)
        for errors, reach in zip(found.values(), reaches, strict=True):
            errors.held.append(reach[0] <= truth.mean() <= reach[1])
    return found


def draw(rng: np.random.Generator, counts: Integers, samples: int) -> Integers:
    """K of each pool, without replacement."""
    pools = counts.reshape(-1, counts.shape[-1])
    drawn = np.array([rng.multivariate_hypergeometric(pool, samples) for pool in pools])
    return drawn.reshape(counts.shape)


def read_puzzles() -> dict[str, Integers]:
    """How many of 100 samples are right for each of 100 puzzles, by prompt."""
    right: dict[str, dict[str, int]] = {}
    with gzip.open(FOLDER / "game24_gpt4.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            sample = json.loads(line)
            puzzle = right.setdefault(sample["prompt"], {})
            puzzle[sample["example"]] = puzzle.get(sample["example"], 0) + int(sample["correct"])
    return {prompt: np.array([puzzle[name] for name in sorted(puzzle)]) for prompt, puzzle in right.items()}


def _vote(counts: Integers, marks: Floats, n: int, others: Integers | None, seed: int) -> Extrapolation:
    known = None if others is None else others.astype(np.float64)
    return extrapolate_majority(counts, marks, n, others=known, seed=seed)


def _marks(recorded: Recorded) -> Floats:
    return np.asarray(np.eye(recorded.counts.shape[2])[recorded.right])


def _right(counts: Integers, right: Integers, n: int) -> Floats:
    """The exact chance of the right answer to win a vote of n, shape (prompts, Q)."""
    pools: Sequence[int] = counts.shape[:2]
    chances = win_chances(counts.reshape(-1, counts.shape[2]), [n])[:, 0].reshape(*pools, -1)
    return np.asarray(chances[:, np.arange(pools[1]), right])


if __name__ == "__main__":
    main()
