"""What the tests of several rooms stand on: a real PostgreSQL server, and a database of it for each test."""

import os
from collections.abc import Iterator

import pytest

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
