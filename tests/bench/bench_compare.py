"""Joint against separate tuning on recorded answers of real models, with whole studies. Run by `make bench-compare`.

Game of 24, GPT-4: a prompt that is better alone and worse where a verifier picks from many. Ten exams, GPT-3.5-turbo:
majority votes, at several prices of quality. Every study is the library's own, from the study file to the findings'
comparison, over the recorded tables; gains and losses are counted alike. Where the data is not at hand nothing is run.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from jointopt.analysis import Contender, Procedure
from jointopt.config import read_study
from jointopt.domain import Policy
from jointopt.providers.prices import listed_price
from jointopt.study import Study
from tests.bench.game24 import completion, makes_24
from tests.bench.replaying import (
    Records,
    address,
    bootstrap,
    by_pair,
    read_records,
    write_shares,
    write_study,
    write_table,
)

RIVALS = (Procedure.PROMPT_ONLY, Procedure.PROMPT_FIRST, Procedure.STRATEGY_FIRST)
SPLITS = 20
SAMPLERS = (("joint", 4), ("tpe", 12))  # trials that end a search within 20% of the record
PUZZLE_CALLS, EXAM_CALLS = 13_000, 4_000  # of a whole study: search, table and sealed half
NS, EXAM_NS = (1, 2, 4, 8, 16, 32, 64), (1, 2, 3, 5, 7, 10)
WEIGHTS = (0, 10, 30, 100)  # score points that a dollar per question is worth
EXAM_PROMPTS = ("baseline", "concise", "chain_of_thought", "composite")
EXAM_SPLITS = 2


@dataclass(frozen=True, slots=True)
class Ran:
    """What a study said: every procedure's choice, and which examples were sealed."""

    by: Mapping[Procedure, Contender]
    sealed: tuple[str, ...]


def main() -> None:
    """Print both comparisons."""
    began, ran = perf_counter(), False
    for name, compare in (("game24_gpt4.jsonl.gz", compare_puzzles), ("exams_gpt35.jsonl.gz", compare_exams)):
        records = read_records(name)
        if records is None:
            print(f"{name} is not at hand: set JOINTOPT_BENCH_DATA to its folder")
        else:
            compare(records)
            ran = True
    print(f"\n{perf_counter() - began:.0f} s in all" if ran else "nothing was run")


def run_study(folder: Path, study: Mapping[str, Any], examples: Iterable[Mapping[str, str]]) -> Ran:
    """Run a study over the folder's table, in a database of its own."""
    plan = read_study(write_study(folder, study, examples))
    with Study(plan) as open_study:
        found = open_study.run()
    (folder / "jointopt.db").unlink()
    sealed = tuple(example.id for example in plan.task.sealed[: found.counts.sealed])
    return Ran({contender.procedure: contender for contender in found.comparison}, sealed)


# --- Game of 24 ---------------------------------------------------------------------------------------------------


def compare_puzzles(records: Records) -> None:
    """Every sampler over all splits."""
    table, numbers = read_puzzles(records)
    pairs = by_pair(table)
    right = {pair: sum(makes_24(each["answer"], numbers[pair[1]]) for each in found) for pair, found in pairs.items()}
    print(f"GAME OF 24, GPT-4: {len(numbers)} puzzles x 2 prompts x 100 recorded samples; exact, over all of them:")
    for prompt in ("standard", "cot"):
        scores = [np.mean([best_of(n, right[prompt, e], len(pairs[prompt, e])) for e in numbers]) for n in NS]
        print(f"  {prompt:8} " + "  ".join(f"n={n}: {100 * s:4.1f}" for n, s in zip(NS, scores, strict=True)))
    lost = sum(record["correct"] for record in records) - sum(right.values())
    print(f"  ({lost} samples that were recorded as right say no expression that is: the verifier counts them wrong)")
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder), table)
        for sampler, trials in SAMPLERS:
            began = perf_counter()
            runs = [run_puzzles(Path(folder), numbers, seed, sampler, trials) for seed in range(1, SPLITS + 1)]
            print(f"\nsampler {sampler}, {trials} trials at most; {SPLITS} splits, {perf_counter() - began:.0f} s:")
            tell_puzzles(runs, len(records))
            tell_truth(runs, right, pairs)


def read_puzzles(records: Records) -> tuple[Records, dict[str, str]]:
    """The table as a study replays it, and the numbers of every puzzle: those that most of its answers use."""
    votes: dict[str, Counter[tuple[int, ...]]] = {}
    for record in records:
        used = re.findall(r"\d+", (record["answer"] or "").partition("=")[0])
        votes.setdefault(record["example"], Counter())[tuple(sorted(map(int, used)))] += 1
    numbers = {example: " ".join(map(str, count.most_common(1)[0][0])) for example, count in votes.items()}
    kept = ("example", "prompt", "replicate")
    return [
        {name: record[name] for name in kept}
        | {"answer": record["answer"] or "", "text": completion(numbers[record["example"]], record["answer"])}
        | {name: record[name] for name in ("input_tokens", "output_tokens") if record[name] >= 0}  # some are nonsense
        for record in records
    ], numbers


def run_puzzles(folder: Path, numbers: Mapping[str, str], seed: int, sampler: str, trials: int) -> Ran:
    """One study of one split."""
    study = {
        "name": "game24",
        "task": {"data": "examples.jsonl", "sealed": 0.5, "grader": "tests.bench.game24:Puzzle"},
        "prompts": address(["standard", "cot"]),
        "models": {"gpt-4": {"endpoint": "replay/table.jsonl", "max_tokens": 1000}},
        "strategies": ["single", {"best_of": {"by": "tests.bench.game24:verify"}}],
        "n": list(NS),
        "temperatures": [0.7],
        "budget": {"calls": PUZZLE_CALLS},
        "sampler": sampler,
        "seed": seed,
        "trials": trials,
    }
    return run_study(folder, study, ({"id": e, "question": shown, "answer": shown} for e, shown in numbers.items()))


def tell_puzzles(runs: Sequence[Ran], recorded: int) -> None:
    """What the studies say themselves, on their sealed halves."""
    calls = [max(contender.calls for contender in run.by.values()) for run in runs]
    chosen = Counter(run.by[Procedure.JOINT].policy.source.prompt for run in runs)
    first = Counter(run.by[Procedure.PROMPT_FIRST].policy.source.prompt for run in runs)
    within = sum(count <= recorded // 5 for count in calls)
    sealed = {procedure: [run.by[procedure].sealed.mean for run in runs] for procedure in Procedure}
    print(f"  chosen from {min(calls):,} to {max(calls):,} samples ({within}/{len(runs)} within 20% of {recorded:,})")
    print(f"  joint chose {_counts(chosen)}; prompt first chose {_counts(first)}; sealed scores and joint's lead:")
    print(f"  {Procedure.JOINT:32} {100 * np.mean(sealed[Procedure.JOINT]):5.1f}")
    for rival in RIVALS:
        tell_rival(rival, [run.by[rival] for run in runs])


def tell_rival(rival: Procedure, rivals: Sequence[Contender]) -> None:
    """The spread of joint's lead over a rival, and how often its interval leaves 0 on either side."""
    gaps = [contender.difference for contender in rivals if contender.difference]
    means = 100 * np.array([gap.mean for gap in gaps])
    above, below = sum(gap.low > 0 for gap in gaps), sum(gap.high < 0 for gap in gaps)
    same = sum(gap.low == gap.high == 0 for gap in gaps)
    score = 100 * np.mean([contender.sealed.mean for contender in rivals])
    print(
        f"  {rival:32} {score:5.1f}   lead {means.mean():+6.2f}"
        f"   from {means.min():+6.2f} to {means.max():+6.2f}   95% intervals above 0: {above}, below 0: {below},"
        f" around 0: {len(gaps) - above - below - same}, same policy: {same}"
    )


def tell_truth(
    runs: Sequence[Ran], right: Mapping[tuple[str, str], int], pairs: Mapping[tuple[str, str], Records]
) -> None:
    """Joint's lead over prompt first by all recorded samples, for every puzzle on average over what sealed it."""

    def score(policy: Policy, example: str) -> float:
        pair = policy.source.prompt, example
        return best_of(policy.n if policy.strategy != "single" else 1, right[pair], len(pairs[pair]))

    gaps: dict[str, list[float]] = {}
    for run in runs:
        joint, first = run.by[Procedure.JOINT].policy, run.by[Procedure.PROMPT_FIRST].policy
        for example in run.sealed:
            gaps.setdefault(example, []).append(score(joint, example) - score(first, example))
    mean, low, high = bootstrap(np.array([np.mean(each) for each in gaps.values()]))
    print(
        f"  all 100 samples, each of {len(gaps)} puzzles where it was sealed: joint leads prompt first by "
        f"{100 * mean:+.1f} points, 95% {100 * low:+.1f} to {100 * high:+.1f} (bootstrap over puzzles)"
    )


def best_of(n: int, right: int, samples: int) -> float:
    """The chance that a right one is among n of the samples (Chen et al. 2107.03374)."""
    return 1 - comb(samples - right, n) / comb(samples, n)


# --- exams --------------------------------------------------------------------------------------------------------


def compare_exams(records: Records) -> None:
    """Every exam alone under every preference, joint's gains and losses alike."""
    pairs = by_pair(records)
    whole = {example for _, example in pairs if all(len(pairs.get((p, example), ())) == 10 for p in EXAM_PROMPTS)}
    gold = {record["example"]: record["gold"] for record in records if record["example"] in whole}
    exams = sorted({example.rpartition("/")[0] for example in gold})
    print(f"\nEXAMS, GPT-3.5-turbo: {len(exams)} exams, {len(gold)} questions x 4 prompts, majority of n")
    print(
        "  answers are drawn from the shares of 10 recorded samples: as often as recorded, however many are asked for"
    )
    print(f"  joint's lead in utility x 100, sealed halves, {EXAM_SPLITS} splits each; * interval without 0")
    runs: dict[int, list[Ran]] = {weight: [] for weight in WEIGHTS}
    with tempfile.TemporaryDirectory() as folder:
        for exam in exams:
            own = {example: key for example, key in gold.items() if example.rpartition("/")[0] == exam}
            write_shares(Path(folder), pairs, EXAM_PROMPTS, sorted(own))
            for weight in WEIGHTS:
                found = [run_exam(Path(folder), own, weight, seed) for seed in range(1, EXAM_SPLITS + 1)]
                runs[weight] += found
                print(f"  {exam:24} 1 : {weight:<4} {exam_line(found)}", flush=True)
    for weight, found in runs.items():
        tell_exams(weight, found)


def run_exam(folder: Path, gold: Mapping[str, str], weight: float, seed: int) -> Ran:
    """One study of one exam, at the listed price of the model."""
    price = listed_price("openai/gpt-3.5-turbo")
    assert price is not None
    study = {
        "name": "exam",
        "task": {"data": "examples.jsonl", "sealed": 0.5, "grader": "exact"},
        "prompts": address(EXAM_PROMPTS),
        "models": {
            "gpt-3.5-turbo": {
                "endpoint": "replay/table.npz",
                "max_tokens": 2000,
                "price": {"input": price.input_usd, "output": price.output_usd},
            }
        },
        "strategies": ["single", "majority"],
        "n": list(EXAM_NS),
        "preference": {"quality": 1, "cost_usd": weight},
        "budget": {"calls": EXAM_CALLS},
        "sampler": "joint",
        "seed": seed,
    }
    return run_study(folder, study, ({"id": e, "question": e, "answer": key} for e, key in gold.items()))


def exam_line(runs: Sequence[Ran]) -> str:
    """Joint's usual choice, and its lead over each rival, averaged over splits."""
    chosen = Counter(_short(run.by[Procedure.JOINT].policy) for run in runs).most_common(1)[0][0]
    cells = []
    for rival in RIVALS:
        gaps = [gap for run in runs if (gap := run.by[rival].difference)]
        marks = "*" * sum(gap.low > 0 or gap.high < 0 for gap in gaps)
        cells.append(f"{rival.rpartition(': ')[2]} {100 * np.mean([gap.mean for gap in gaps]):+6.2f}{marks:3}")
    return f"{chosen:20} " + "  ".join(cells)


def tell_exams(weight: int, runs: Sequence[Ran]) -> None:
    """All exams together under one preference."""
    calls = max(contender.calls for run in runs for contender in run.by.values())
    print(f"\n  all exams, quality 1 : {weight} a dollar; {len(runs)} studies, chosen from {calls:,} samples at most;")
    print("  sealed score, and joint's lead in utility:")
    print(f"  {Procedure.JOINT:32} {100 * np.mean([run.by[Procedure.JOINT].sealed.mean for run in runs]):5.1f}")
    for rival in RIVALS:
        tell_rival(rival, [run.by[rival] for run in runs])
        exams = np.array([run.by[rival].difference.mean for run in runs]).reshape(-1, EXAM_SPLITS).mean(axis=1)  # type: ignore[union-attr]
        mean, error = 100 * exams.mean(), 100 * exams.std(ddof=1) / sqrt(len(exams))
        print(f"  {'':32} mean over exams {mean:+.2f}, standard error {error:.2f}")


def _short(policy: Policy) -> str:
    return f"{policy.source.prompt} n={policy.n if policy.strategy != 'single' else 1}"


def _counts(chosen: Counter[str]) -> str:
    return ", ".join(f"{prompt} {times} times" for prompt, times in chosen.most_common())


if __name__ == "__main__":
    main()
