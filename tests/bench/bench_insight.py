"""What each finding says of recorded answers: MATH (70B), Game of 24 (GPT-4), ten exams (GPT-3.5). Run by hand.

`JOINTOPT_BENCH_DATA` says where the records are.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import (
    Absent,
    Apart,
    Compared,
    Lines,
    Marked,
    Table,
    find_budgets,
    find_ceiling,
    find_difficulty,
    find_flips,
    find_power,
    variance_shares,
)
from jointopt.analysis.ceiling import best_of
from jointopt.analysis.insight import Insight
from jointopt.analysis.telling import tell
from jointopt.domain import Policy, Scorecard, Source
from jointopt.evaluation import Stakes
from jointopt.evaluation.expect import expect
from jointopt.strategies import Ballots, Playbook
from tests.recorded import FOLDER, SAMPLES, read_recorded

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Record:
    """Recorded samples under P prompts: answers and marks of shape (P, Q, K), costs of a sample of shape (P,)."""

    name: str
    prompts: tuple[str, ...]
    answers: Integers
    marks: Floats
    costs: Floats
    ns: tuple[int, ...]
    verified: bool = False

    def scores(self, ns: Sequence[int], samples: slice = slice(None)) -> Floats:
        """Exact scores at each n from some of the samples, shape (P, N, Q)."""
        marks = self.marks[:, :, samples]
        if self.verified:
            return np.array([[best_of(one, n) for n in ns] for one in marks])
        majority = Playbook({}, ()).build("majority", ())
        return np.array([_vote(majority, *pair, ns) for pair in zip(self.answers[:, :, samples], marks, strict=True)])

    def policy(self, prompt: int, n: int) -> Policy:
        """The policy of a prompt and n."""
        return Policy(Source(self.prompts[prompt], "recorded", 1.0), "best_of" if self.verified else "majority", n)


def _vote(majority: object, answers: Integers, marks: Floats, ns: Sequence[int]) -> Floats:
    worth, paid = np.stack([marks, np.zeros(marks.shape)], axis=2), np.zeros((*marks.shape, 5))
    ballots = Ballots(answers.astype(np.int16), np.full(marks.shape, np.nan), np.ones(answers.shape, dtype=np.int64))
    found = expect(majority, ballots, Stakes(worth, paid, np.zeros(len(marks))), ns)  # type: ignore[arg-type]
    return np.asarray(found.returned[..., 0].T)


def math() -> Record | None:
    """25 prompts, 316 questions, the first 32 samples in a random order."""
    recorded = read_recorded()
    if recorded is None:
        return None
    rng = np.random.default_rng(0)
    kinds = np.arange(recorded.counts.shape[2])
    answers = np.array([[np.repeat(kinds, one) for one in prompt] for prompt in recorded.counts])
    answers = rng.permuted(answers, axis=2)[:, :, : SAMPLES // 4]
    with np.load(FOLDER / "iapo_math.npz") as arrays:
        costs = np.asarray(arrays["cost"], dtype=np.float64)
    names = tuple(f"prompt {place}" for place in range(len(answers)))
    marks = (answers == recorded.right[None, :, None]).astype(np.float64)
    return Record("MATH, majority of up to 32", names, answers, marks, costs, (1, 2, 4, 8, 16, 32))


def logged(name: str, file: str, ns: tuple[int, ...], *, verified: bool) -> Record | None:
    """A file of recorded samples, as many of each question and prompt as all have."""
    if not (FOLDER / file).is_file():
        return None
    found: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    with gzip.open(FOLDER / file, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            entry = (str(one["answer"]), float(one["correct"]), float(one["output_tokens"] or 0))
            found.setdefault((one["prompt"], str(one["example"])), []).append(entry)
    prompts = tuple(dict.fromkeys(prompt for prompt, _ in found))
    questions = [
        q for q in dict.fromkeys(q for _, q in found) if all(len(found.get((p, q), ())) >= ns[-1] for p in prompts)
    ]
    numbers: dict[str, int] = {}
    cells = [[found[prompt, question][: ns[-1]] for question in questions] for prompt in prompts]
    answers = np.array([[[numbers.setdefault(one[0], len(numbers)) for one in cell] for cell in row] for row in cells])
    marks, tokens = (np.array([[[one[part] for one in cell] for cell in row] for row in cells]) for part in (1, 2))
    answers = np.array([[np.unique(cell, return_inverse=True)[1] for cell in row] for row in answers])
    return Record(name, prompts, answers, marks, tokens.mean(axis=(1, 2)), ns, verified)


def _timed(name: str, make: Callable[[], object]) -> object:
    start = perf_counter()
    found = make()
    reason = f"absent: {found.reason}" if isinstance(found, Absent) else ""
    print(f"  {name} ({perf_counter() - start:.2f} s) {reason}")
    return found


def show(record: Record) -> None:
    """Every finding that needs no more than samples."""
    scores = record.scores(record.ns)
    count = scores.shape[2]
    names = tuple(map(str, range(count)))
    print(f"{record.name}: {len(record.prompts)} prompts, {count} questions")
    levels = (record.prompts, tuple(map(str, record.ns)))
    shares = _timed("shares", lambda: variance_shares(Table(np.moveaxis(scores, 2, 0), ("prompt", "n"), levels)))
    for share in getattr(shares, "shares", ()):
        print(f"    {' x '.join(share.effect)}: {share.share:.3f} ({share.low:.3f} to {share.high:.3f})")
    lines = Lines("prompt", "n", record.prompts, levels[1], scores.swapaxes(0, 1))
    flips = _timed("flips", lambda: find_flips([lines]))
    print(f"    {getattr(flips, 'found', 0)} of {getattr(flips, 'pairs', 0)} pairs")
    for flip in getattr(flips, "flips", ())[:2]:
        met = f"meet at {flip.meeting.mean:.1f} ({flip.meeting.low:.1f} to {flip.meeting.high:.1f})"
        print(f"    {flip.first} -> {flip.second} at n = {flip.after}: {flip.probability:.3f}, p {flip.p:.2g}, {met}")
    one = np.ones(count)
    cards = [
        Scorecard(
            record.policy(p, n), names, scores[p, i], 0 * one, record.costs[p] * n * one, one, one.astype(np.int64)
        )
        for p in range(len(record.prompts))
        for i, n in enumerate(record.ns)
    ]
    budgets = _timed("budgets", lambda: find_budgets(cards))
    for rung in getattr(budgets, "rungs", ()):
        honest = f"honest {rung.honest.mean:.3f} ({rung.honest.low:.3f} to {rung.honest.high:.3f})"
        chosen = f"{rung.policy.source.prompt}, n = {rung.policy.n}"
        print(f"    {rung.budget:.3g}: {chosen}: {rung.score.mean:.3f}, {honest}, chance {rung.chance:.2f}")
    _deeper(record, cards, names)


def _deeper(record: Record, cards: Sequence[Scorecard], names: tuple[str, ...]) -> None:
    best = max(cards, key=lambda card: card.score)
    marked = [Marked(record.policy(p, 1).source, marks) for p, marks in enumerate(record.marks)]
    ceiling = _timed("ceiling", lambda: find_ceiling(best.policy, best.scores, marked, names))
    for gap in getattr(ceiling, "gaps", ()):
        least = f", at least {gap.least.mean:.3f} ({gap.least.low:.3f} to {gap.least.high:.3f})" if gap.least else ""
        print(f"    {gap.part}: {gap.size.mean:.3f} ({gap.size.low:.3f} to {gap.size.high:.3f}){least}")
    half = record.ns[-1] // 2
    ns = [n for n in record.ns if n <= half]
    scored = record.scores(ns, slice(half)).reshape(-1, len(names))
    policies = [record.policy(p, n) for p in range(len(record.prompts)) for n in ns]
    ease = record.marks[:, :, half:].mean(axis=(0, 2))
    difficulty = _timed("difficulty", lambda: find_difficulty(Apart(policies, scored, ease, half, half)))
    for one in getattr(difficulty, "bins", ()):
        print(f"    {one.low:.2f} to {one.high:.2f} ({one.examples}): {one.best.source.prompt}, n = {one.best.n}: "
              f"{one.score.mean:.3f}, overall {one.overall.mean:.3f}, gain {one.gain.mean:+.3f}")  # fmt: skip
    rivals = sorted(cards, key=lambda card: -card.score)[1:4]
    power = _timed("power", lambda: find_power([_against(best, rival, record) for rival in rivals]))
    insight = Insight(ceiling=ceiling, difficulty=difficulty, power=power)  # type: ignore[arg-type]
    print("\n".join(f"  > {line}" for line in tell(insight)))


def _against(best: Scorecard, rival: Scorecard, record: Record) -> Compared:
    question = f"{best.policy} against {rival.policy}"
    return Compared(question, best.scores, rival.scores, record.ns[-1])


def main() -> None:
    """All records that are at hand."""
    exams = logged("exams, majority of up to 10", "exams_gpt35.jsonl.gz", (1, 2, 5, 10), verified=False)
    game = logged("Game of 24, best of up to 100", "game24_gpt4.jsonl.gz", (1, 4, 8, 16, 32, 100), verified=True)
    for record in (math(), game, exams):
        if record is not None:
            show(record)


if __name__ == "__main__":
    main()
