"""How databases are connected to: dead connections are noticed, statements end, and a server may be restarted."""

import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from threading import Timer

import pytest
from sqlalchemy import text

from jointopt.domain import Budget, Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, Studies, engine_settings, open_database
from tests.postgres import Server

LIMITS = (
    "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('{idle}')".format(
        idle="idle_in_transaction_session_timeout"
    )
)


def limits(database: Database) -> tuple[object, ...]:
    """How long a statement, a wait for a lock and a forgotten transaction may last."""
    with database.read() as connection:
        return tuple(connection.execute(text(LIMITS)).one())


def test_a_statement_a_wait_and_a_forgotten_transaction_end(postgres_url: str) -> None:
    """Also in the second transaction of a connection, after the first was rolled back."""
    with closing(open_database(postgres_url)) as database:
        with pytest.raises(ZeroDivisionError):
            fail_halfway(database)
        assert limits(database) == ("2min", "1min", "15s")


def fail_halfway(database: Database) -> None:
    """A transaction that is rolled back."""
    with database.write() as connection:
        connection.execute(text("SELECT 1"))
        raise ZeroDivisionError


def test_limits_of_the_users_own_are_kept(postgres_url: str) -> None:
    """In the URL, as for the user or the server."""
    url = f"{postgres_url}?options=-c%20statement_timeout%3D7s&application_name=mine"
    with closing(open_database(url)) as database:
        assert limits(database) == ("7s", "1min", "15s")
        with database.read() as connection:
            assert connection.scalar(text("SHOW application_name")) == "mine"


def test_a_wire_that_was_cut_is_noticed(postgres_url: str) -> None:
    """The system asks a silent connection whether it still stands."""
    with closing(open_database(postgres_url)) as database, database.read() as connection:
        number = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]  # psycopg's
        with socket.socket(fileno=socket.dup(number)) as wire:
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert connection.scalar(text("SHOW application_name")) == "jointopt"


@pytest.fixture
def restarted(postgres: Server) -> Iterator[Server]:
    """The server, for a test that stops it."""
    yield postgres
    postgres.start()


def restart(server: Server) -> None:
    """As an administrator does it."""
    server.stop()
    server.start()


def test_a_restart_between_two_operations_goes_unnoticed(postgres_url: str, restarted: Server) -> None:
    """A real server, stopped and started: the next transaction finds it, or waits for it, and all is as it was."""
    with closing(open_database(postgres_url)) as database:
        study_id = Studies(database).begin("first", "", "", now=0.0).id
        ledger = Ledger(database, study_id, Budget(calls=10))
        ledger.reserve(Spend(3), "search")
        with database.write() as one, database.read() as another:  # two connections that will be dead
            assert one.scalar(text("SELECT 1")) == another.scalar(text("SELECT 1"))
        restart(restarted)
        ledger.reserve(Spend(4), "search")
        assert ledger.reserved() == Spend(7)
        restarted.stop()
        later = Timer(0.5, restarted.start)
        later.start()
        ledger.reserve(Spend(2), "search")  # while the server is down
        later.join()
        assert ledger.reserved() == Spend(9)
        assert ledger.audit() == []


def test_a_restart_in_the_middle_of_a_transaction_leaves_nothing_of_it(postgres_url: str, restarted: Server) -> None:
    """It is refused, with the mend; the next one succeeds."""
    with closing(open_database(postgres_url)) as database:
        Studies(database).begin("first", "", "", now=0.0)
        with pytest.raises(StorageError, match="the database refused") as caught:
            restart_and_write(restarted, database)
        assert "the same call goes on" in caught.value.mend
        assert Studies(database).names() == ["first"]


def restart_and_write(server: Server, database: Database) -> None:
    """Half of the work before the restart, half of it after."""
    with database.write() as connection:
        connection.execute(text("DELETE FROM jointopt_studies"))
        restart(server)
        connection.execute(text("DELETE FROM jointopt_entries"))


def test_a_server_that_does_not_come_back_is_given_up(postgres_url: str, restarted: Server) -> None:
    """After so much patience as one has."""
    with closing(open_database(postgres_url, patience_s=0.2)) as database:
        restarted.stop()
        with pytest.raises(StorageError, match="refused") as caught:
            limits(database)
        assert "start the server" in caught.value.mend


def test_a_driver_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one we recommend, and another one."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for url in ("postgresql://me:secret@host/db", "postgresql+pg8000://me:secret@host/db"):
        with pytest.raises(StorageError, match="driver is not installed") as caught:
            open_database(url)
        assert "pip install 'jointopt[postgres]'" in caught.value.mend
        assert "secret" not in str(caught.value)


def test_an_asynchronous_driver_is_refused() -> None:
    """It would fail later, and unclearly."""
    with pytest.raises(StorageError, match="asynchronous"):
        open_database("postgresql+psycopg_async://me:secret@host/db")


def test_optuna_is_given_the_same(postgres_url: str) -> None:
    """The whole URL, and what an engine of ours has."""
    url, settings = engine_settings(postgres_url.replace("+psycopg", ""))
    assert url == postgres_url
    assert settings["pool_pre_ping"]
    assert settings["connect_args"]["keepalives"] == 1
