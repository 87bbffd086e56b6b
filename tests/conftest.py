"""What the tests of several rooms stand on: a real PostgreSQL server, and a database for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jointopt.storage import Database, open_database
from tests.postgres import Server, ServerAbsent, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server. Where none can be started, who needs it fails under CI, and is skipped elsewhere."""
    try:
        with running_server() as server:
            yield server
    except ServerAbsent as absent:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(absent))


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the test's database is, of every kind there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'study.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An empty database."""
    database = open_database(url)
    yield database
    database.close()
