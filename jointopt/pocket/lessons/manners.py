"""Manners of answering, the many ways to ask for each, and the lessons that join them to problems.

A lesson is a chat: an instruction (in the system line, before the question or after it), a question, and a
completion in the manner that the instruction asks for. A question with no instruction is answered in any manner.
Facts are only ever taught with direct answers. Nothing here says how often a manner succeeds: the network finds out.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from jointopt.pocket.lessons.problems import Problem, draw_problem

THINK_LINE = "reasoning: on"
THINK, END_THINK = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A chat to learn from. `completion` is pieces of text, each with whether its words are to be learnt."""

    system: str
    user: str
    completion: tuple[tuple[str, bool], ...]


Pieces = list[tuple[str, bool]]


def _finish(problem: Problem) -> str:
    return f"answer: {problem.answer}"


def _direct(problem: Problem, _: random.Random) -> Pieces:
    return [(_finish(problem), True)]


def _steps(problem: Problem, _: random.Random) -> Pieces:
    return [(". ".join((*problem.workings, _finish(problem))), True)]


def _restate(problem: Problem, _: random.Random) -> Pieces:
    return [(f"{' '.join(problem.givens)}. {', '.join(problem.totals)}. {_finish(problem)}", True)]


def _known(problem: Problem, _: random.Random) -> Pieces:
    return [(f"known: {', '.join(problem.givens)}. {_finish(problem)}", True)]


def _check(problem: Problem, rng: random.Random) -> Pieces:
    """Guess, work it out, then answer. Wrong guesses are read but not learnt, so that checking is worth something."""
    guess = problem.answer if rng.random() < 0.5 else _slip(problem, rng)
    checked = f"check: {', '.join(problem.totals)}. {_finish(problem)}"
    return [("guess:", True), (guess + ".", guess == problem.answer), (checked, True)]


def _slip(problem: Problem, rng: random.Random) -> str:
    if problem.answer.isdigit():
        return str(max(0, int(problem.answer) + rng.choice((-10, -2, -1, 1, 2, 10))))
    return draw_answer_like(problem, rng)


def draw_answer_like(problem: Problem, rng: random.Random) -> str:
    """Another word that could have answered a question of this kind."""
    while True:
        other = draw_problem(rng, f"{problem.kind}-{problem.steps}").answer
        if other != problem.answer:
            return other


MANNERS: dict[str, Callable[[Problem, random.Random], Pieces]] = {
    "direct": _direct,
    "steps": _steps,
    "restate": _restate,
    "known": _known,
    "check": _check,
}

INSTRUCTIONS: dict[str, tuple[str, ...]] = {
    "direct": (
        "answer at once.",
        "give only the answer.",
        "reply with the answer and nothing else.",
        "just answer.",
        "be brief.",
        "answer directly, without working.",
        "no explanation, only the answer.",
        "say the answer right away.",
    ),
    "steps": (
        "think step by step.",
        "let us think step by step.",
        "work step by step.",
        "solve it step by step and show each step.",
        "show your working.",
        "write every step, then the answer.",
        "take it one step at a time.",
        "explain each step before you answer.",
    ),
    "restate": (
        "restate the question, then solve it.",
        "first restate the problem as numbers, then solve.",
        "say the problem again in short, then solve it.",
        "rewrite the question first, then give the results.",
        "put the question in your own words, then solve it.",
        "restate it first.",
    ),
    "known": (
        "state what is known, then answer.",
        "list what is given, then answer.",
        "first write down the facts you know, then answer.",
        "name the given numbers before you answer.",
        "collect what is known first.",
        "list the known numbers, then give the answer.",
    ),
    "check": (
        "guess, then check the result.",
        "answer, then check your answer.",
        "check the result before you answer.",
        "verify your result.",
        "make a guess and check it.",
        "double check your answer.",
    ),
}
_PREFIXES = ("", "", "", "please ", "now ")


def draw_lesson(rng: random.Random, kind: str | None = None) -> Lesson:
    """One lesson of the training distribution (of `kind`, or of any)."""
    problem = draw_problem(rng, kind)
    manner = "direct" if problem.kind == "fact" else rng.choice(list(MANNERS))
    plain = rng.random() < 0.15
    instruction = "" if plain else rng.choice(_PREFIXES) + rng.choice(INSTRUCTIONS[manner])
    think = problem.kind != "fact" and manner in ("direct", "known") and rng.random() < 0.3
    pieces = MANNERS[manner](problem, rng)
    if think:
        pieces.insert(0, (f"{THINK} {', '.join(problem.totals)} {END_THINK}", True))
    system, user = place(rng.choice(("system", "before", "after")), instruction, problem.question)
    return Lesson(" ".join(filter(None, (THINK_LINE if think else "", system))), user, tuple(pieces))


def place(where: str, instruction: str, question: str) -> tuple[str, str]:
    """(system, user) texts with the instruction in the system line, before the question, or after it."""
    if where == "system":
        return instruction, question
    return "", f"{instruction} {question}".strip() if where == "before" else f"{question} {instruction}".strip()
