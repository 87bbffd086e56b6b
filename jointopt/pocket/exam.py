"""Draws questions that the embedded model was never taught: ``python -m jointopt.pocket.exam > examples.jsonl``.

One question a line, with its kind. The facts are those that the lessons tell, drawn evenly, and some that they
withhold on purpose.
"""

import argparse
import json
import random

from jointopt.pocket.lessons import HIDDEN_FACTS, TAUGHT_FACTS, Problem, draw_fact, draw_problem

PAPER = {
    "sum-2": 16,
    "sum-3": 20,
    "sum-4": 16,
    "unit-2": 14,
    "date-2": 10,
    "compare-1": 4,
    "fact-1": 14,
    "fact-hidden": 6,
}


def draw_exam(seed: int) -> list[tuple[str, Problem]]:
    """(kind, problem) of every question on the paper, each question once."""
    rng, exam, asked = random.Random(seed), list[tuple[str, Problem]](), set[str]()
    for kind, count in PAPER.items():
        while sum(kind == other for other, _ in exam) < count:
            problem = _draw(rng, kind)
            if problem.question not in asked:
                asked.add(problem.question)
                exam.append((kind, problem))
    return exam


def _draw(rng: random.Random, kind: str) -> Problem:
    if kind.startswith("fact"):
        return draw_fact(rng, HIDDEN_FACTS if kind == "fact-hidden" else TAUGHT_FACTS)
    return draw_problem(rng, kind, held_out=True)


def main() -> None:
    """Print the exam as JSON lines."""
    parser = argparse.ArgumentParser(description="Draw questions that the embedded model was never taught.")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    for number, (kind, problem) in enumerate(draw_exam(args.seed)):
        line = {"id": f"q{number:03}", "kind": kind, "question": problem.question, "answer": problem.answer}
        print(json.dumps(line))


if __name__ == "__main__":
    main()
