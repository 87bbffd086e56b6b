"""A small, real study on the embedded model."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.exam import write_exam
from tests.hostile.server import Server as Model
from tests.hostile.server import serving
from tests.postgres import Server
from tests.study.crowd import AT_LEISURE_S, Claims, Shelf, undisturbed

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
        write_exam(tmp_path)
        file = tmp_path / "study.yaml"
        file.write_text(STUDY.format(calls=calls), encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    """A model that gives equal requests equal answers, at leisure."""
    with serving(delay_s=AT_LEISURE_S, settled=True, keep=False) as server:
        yield server


@pytest.fixture
def bought(model: Model) -> Callable[[], int]:
    """How many completions the model has billed since the test began."""
    before = model.bill.completions
    return lambda: model.bill.completions - before


@pytest.fixture(scope="module")
def alone(postgres: Server, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    """What one worker finds that nobody disturbs."""
    return undisturbed(postgres, tmp_path_factory.mktemp("alone"), model.url)


@pytest.fixture
def shelf(postgres: Server, postgres_url: str) -> Shelf:
    """An empty database, for a crowd of workers."""
    return Shelf(postgres, postgres_url)
