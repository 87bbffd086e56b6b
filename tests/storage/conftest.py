"""A study for each test, in a real database of every kind there is."""

from collections.abc import Callable

import pytest

from jointopt.domain import Budget, Message, Model, Request, Sample
from jointopt.storage import Database, Ledger, SamplePool, Studies

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""For a test of what SQLite alone does, or what can be done to a file alone."""


@pytest.fixture
def studies(database: Database) -> Studies:
    """The register of studies."""
    return Studies(database)


@pytest.fixture
def study_id(studies: Studies) -> int:
    """A study that has begun."""
    return studies.begin("first", "name: first", "digest", now=0.0).id


@pytest.fixture
def pool(database: Database, study_id: int) -> SamplePool:
    """The pool, as the study pays for it."""
    return SamplePool(database, study_id)


@pytest.fixture
def ledger(database: Database, study_id: int) -> Ledger:
    """An account of 100 calls and one dollar."""
    return Ledger(database, study_id, Budget(calls=100, usd=1.0))


@pytest.fixture
def ask() -> Callable[[str], Request]:
    """Makes the request that asks a question."""
    model = Model("micro", "embedded/micro")
    return lambda question: Request(model, (Message("user", question),), 0.7)


@pytest.fixture
def answers() -> Callable[[int], list[Sample]]:
    """Makes so many samples of a request."""
    return lambda n: [Sample(replicate, f"it is {replicate}", logprob=-0.5) for replicate in range(n)]
