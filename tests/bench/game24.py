"""The Game of 24, by its rules alone: does an expression use the four numbers once each, and make 24?

A verifier for strategies (it reads the puzzle from the completion, which repeats it) and a grader for the study. It
knows no answer.
"""

import ast
import re
from fractions import Fraction

from jointopt.domain import Vote
from jointopt.grading import Grader

GOAL = 24
_COMPLETION = re.compile(r"Input: (?P<numbers>[\d ]+)\nAnswer: (?P<answer>.*)")


def completion(numbers: str, answer: str | None) -> str:
    """A completion as the prompts of Yao et al. 2023 have the model write it."""
    return f"Input: {numbers}\nAnswer: {answer or ''}"


def makes_24(expression: str, numbers: str) -> bool:
    """Whether an expression such as ``(10 - 4) * 5 - 6 = 24`` does, with these numbers such as ``4 5 6 10``."""
    bare = expression.partition("=")[0].strip()
    if sorted(re.findall(r"\d+", bare)) != sorted(numbers.split()):
        return False
    try:
        return _value(ast.parse(bare, mode="eval").body) == GOAL
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return False


def _value(node: ast.expr) -> Fraction:
    """The value of whole numbers joined by + - * /.

    Raises:
        ValueError: anything else.
    """
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Fraction(node.value)
    if not isinstance(node, ast.BinOp):
        raise ValueError(ast.dump(node))
    left, right = _value(node.left), _value(node.right)
    match node.op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
    raise ValueError(ast.dump(node))


def verify(vote: Vote) -> float:
    """1 for a completion that solves the puzzle that it repeats, else 0."""
    found = _COMPLETION.search(vote.text)
    return float(found is not None and makes_24(found["answer"], found["numbers"]))


class Puzzle(Grader):
    """Right when the expression after ``Answer:`` solves the puzzle, whose numbers are the reference."""

    def parse(self, text: str) -> str | None:
        """The expression."""
        found = _COMPLETION.search(text)
        return found["answer"].strip() or None if found else None

    def grade(self, answer: str | None, reference: str) -> float:
        """1 when it makes 24."""
        return float(answer is not None and makes_24(answer, reference))
