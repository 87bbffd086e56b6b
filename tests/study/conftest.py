"""A small, real study on the embedded model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jointopt.pocket.exam import draw_exam

STUDY = """
name: small
task:
  data: examples.jsonl
  fields: {{question: question, answer: answer}}
  sealed: 8
  grader: {{name: exact, after: "answer:"}}
prompts:
  plain: "{{question}}"
  steps: "{{question}} think step by step."
models:
  nano: {{endpoint: embedded/nano, max_tokens: 48, concurrency: 64, price: {{input: 1, output: 2}}}}
strategies: [single, majority, best_of]
n: [1, 2, 4]
budget: {{calls: {calls}}}
seed: 3
"""


@pytest.fixture
def small_study(tmp_path: Path) -> Callable[[int], Path]:
    """Writes the study file for a budget of so many calls, and returns its path."""

    def write(calls: int = 600) -> Path:
        exam = [problem for _, problem in draw_exam(5)[::4]][:24]
        lines = [json.dumps({"question": problem.question, "answer": problem.answer}) for problem in exam]
        (tmp_path / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        file = tmp_path / "study.yaml"
        file.write_text(STUDY.format(calls=calls), encoding="utf-8")
        return file

    return write
