"""What may befall a connection to PostgreSQL: for tests of what is done again afterwards."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

from tests.postgres import Server


def stop(server: Server) -> None:
    """As an administrator restarts it."""
    server.stop()
    server.start()


def kill(server: Server) -> None:
    """As a power cut ends it: it recovers when it starts again."""
    server.kill()
    server.start()


every_end = pytest.mark.parametrize("end", [stop, kill], ids=["restarted", "killed"])


def before_commit(engine: Engine, trouble: Callable[[], None]) -> None:
    """Have something happen once, when all has been said and nothing is committed yet."""
    once = iter([trouble])

    def meet(_connection: Connection) -> None:
        next(once, lambda: None)()

    event.listen(engine, "commit", meet)


def after_commit(engine: Engine, server: Server) -> None:
    """Lose the acknowledgement of the next commit: it is carried out, and the connection ends before it is told."""
    once, dialect = iter([True]), engine.dialect
    commit = dialect.do_commit

    def commit_and_fall_silent(dbapi_connection: PoolProxiedConnection) -> None:
        commit(dbapi_connection)
        if next(once, False):
            server.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jointopt'")
            dbapi_connection.cursor().execute("SELECT 1")  # the driver says that it is gone

    dialect.do_commit = commit_and_fall_silent  # type: ignore[method-assign]
