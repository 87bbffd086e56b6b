"""What the embedded model learnt, as tables: ``python -m jointopt.pocket.table --tier micro``.

Questions that training never showed, under every manner of instruction: the share of single samples that are right, the
share of majority votes of eight, and the tokens of a completion. Facts are asked evenly, taught and never-taught ones
apart. It decides nothing: the numbers are whatever the weights give.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from jointopt.pocket.batch import Batch, Seat
from jointopt.pocket.completion import Completion, Decoding, seed_of
from jointopt.pocket.lessons import (
    HIDDEN_FACTS,
    INSTRUCTIONS,
    KINDS,
    TAUGHT_FACTS,
    THINK_LINE,
    Problem,
    draw_fact,
    draw_problem,
    place,
)
from jointopt.pocket.network import load_network, load_tokenizer
from jointopt.pocket.shape import TIERS
from jointopt.pocket.tokens import Tokenizer

SAMPLES = 8
COLUMNS = (*(kind for kind in KINDS if kind != "fact-1"), "fact", "fact-hidden")
_PLACES = ("system", "before", "after")


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of problem under one instruction: shares from 0 to 1, and tokens per completion."""

    single: float
    majority: float
    tokens: float


def draw_questions(column: str, count: int, seed: int) -> list[Problem]:
    """`count` different held-out questions of a column (facts: the taught evenly, or the hidden)."""
    rng = random.Random(f"{seed}:{column}")
    found: dict[str, Problem] = {}
    while len(found) < count:
        problem = _draw_question(column, rng)
        found.setdefault(problem.question, problem)
    return list(found.values())


def _draw_question(column: str, rng: random.Random) -> Problem:
    if column == "fact":
        return draw_fact(rng, TAUGHT_FACTS)
    if column == "fact-hidden":
        return draw_fact(rng, HIDDEN_FACTS)
    return draw_problem(rng, column, held_out=True)


def instructions(phrasings: int) -> dict[str, tuple[str, str]]:
    """(system line, instruction) by the name of the table's row."""
    rows = {
        f"{manner}: {text}": ("", text) for manner, texts in INSTRUCTIONS.items() for text in islice(texts, phrasings)
    }
    return {"plain": ("", ""), **rows, "think: just answer.": (THINK_LINE, "just answer.")}


def read_answer(text: str) -> str | None:
    """What follows the last "answer:", or None."""
    _, mark, answer = text.rpartition("answer:")
    return answer.strip(" .") if mark else None


def score(problem: Problem, completions: Sequence[Completion]) -> tuple[float, float]:
    """(share of right samples, chance that a majority of all of them is right; ties are drawn by lot)."""
    answers = [read_answer(completion.answer) for completion in completions]
    counts = Counter(answers)
    top = [answer for answer, votes in counts.items() if votes == max(counts.values())]
    return counts[problem.answer] / len(answers), (problem.answer in top) / len(top)


def measure(
    batch: Batch, tokenizer: Tokenizer, instruction: tuple[str, str], problems: Sequence[Problem], temperature: float
) -> Cell:
    """Sample every question eight times under an instruction, which stands at each place in turn."""
    seats: list[Seat] = []
    heard: list[list[Completion]] = [[] for _ in problems]
    for i, problem in enumerate(problems):
        line, text = instruction
        system, user = place(_PLACES[i % len(_PLACES)], text, problem.question)
        prompt = tuple(tokenizer.chat(" ".join(filter(None, (line, system))), user))
        seats += (
            Seat(prompt, seed_of(problem.question, r), Decoding(temperature), heard[i].append) for r in range(SAMPLES)
        )
    run(batch, seats)
    scores = [score(problem, completions) for problem, completions in zip(problems, heard, strict=True)]
    tokens = sum(completion.drawn for completions in heard for completion in completions)
    return Cell(
        sum(single for single, _ in scores) / len(scores),
        sum(majority for _, majority in scores) / len(scores),
        tokens / (len(scores) * SAMPLES),
    )


def run(batch: Batch, seats: Sequence[Seat]) -> None:
    """Complete every seat, taking in more as others leave."""
    waiting = list(seats)
    while waiting or batch.seats:
        if waiting and (not batch.seats or batch.free >= batch.capacity // 4):
            joining, waiting = waiting[: batch.free], waiting[batch.free :]
            batch.join(joining)
        if batch.seats:
            batch.step()


def lines(tier: str, questions: int, phrasings: int, temperature: float, seed: int = 7) -> Iterator[str]:
    """The table, line by line as it is measured: single > majority (tokens) per cell."""
    tokenizer = load_tokenizer()
    batch = Batch(load_network(tier), tokenizer)
    problems = {column: draw_questions(column, questions, seed) for column in COLUMNS}
    names = instructions(phrasings)
    width = max(map(len, names))
    yield f"{tier}, T={temperature:g}, {questions} held-out questions: single % > majority of {SAMPLES} % (tokens)"
    yield " ".join([" " * width, *(f"{column:>14}" for column in COLUMNS)])
    for name, instruction in names.items():
        cells = [measure(batch, tokenizer, instruction, problems[column], temperature) for column in COLUMNS]
        texts = (f"{100 * c.single:3.0f} >{100 * c.majority:4.0f} ({c.tokens:2.0f})" for c in cells)
        yield " ".join([f"{name:{width}}", *(f"{text:>14}" for text in texts)])


def main() -> None:
    """Print the table of a tier."""
    parser = argparse.ArgumentParser(description="Accuracy of the embedded model on held-out questions.")
    parser.add_argument("--tier", choices=sorted(TIERS), default="micro")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--phrasings", type=int, default=2)
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    for line in lines(args.tier, args.questions, args.phrasings, args.temperature):
        print(line, flush=True)


if __name__ == "__main__":
    main()
