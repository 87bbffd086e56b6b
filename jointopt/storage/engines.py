"""How a database is connected to: so that nothing is lost, nobody waits for ever, and a server may be restarted.

SQLite is opened so that a power cut loses nothing and processes wait for one another instead of failing. Of PostgreSQL,
dead connections are noticed, and statements end. It knows no table.
"""

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.exc import NoSuchModuleError

from jointopt.errors import StorageError
from jointopt.storage.addresses import FORMS, address_of
from jointopt.storage.repeats import PATIENCE_S, PAUSE_S

# A lost connection is mended, or told by us: the driver need not warn whoever has configured no logging.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

BUSY_TIMEOUT_MS = 30_000
_CONNECTION = {  # in libpq's words: a host that does not answer is given up, and a cut wire noticed
    "application_name": "jointopt",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_LIMITS = {  # a worker that was stopped, or cut off, in mid-transaction holds the others up, but not until they give up
    "statement_timeout": "120s",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "15s",
}
# Connections of one process: so many are kept, so many more are opened while they are needed. A worker has one such
# pool, and who conducts a study has a second one for Optuna. 100 workers hold 200 connections, and fit a server of
# max_connections=520 even while all of them need all they may have.
_POOL = {"pool_size": 2, "max_overflow": 3, "pool_timeout": 120, "pool_recycle": 1800}
# Whoever set a limit before (in the URL, for the role, for the server) knows better.
_SET_LIMITS = "SELECT set_config(name, CASE name {cases} END, false) FROM pg_settings WHERE {ours}".format(
    cases=" ".join(f"WHEN '{name}' THEN '{value}'" for name, value in _LIMITS.items()),
    ours=f"name IN {tuple(_LIMITS)} AND source = 'default'",
)


def engine_settings(url: str) -> tuple[str, dict[str, Any]]:
    """The whole URL, password and driver included, and SQLAlchemy's settings for an engine on it.

    Raises:
        StorageError: it is no URL of a database that we know.
    """
    address = address_of(url)
    return address.render_as_string(hide_password=False), _settings(address)


def open_engine(address: URL, shown: str) -> Engine:
    """An engine, which has not connected yet.

    Raises:
        StorageError: its driver is unknown, not installed, or not one for us.
    """
    try:
        engine = create_engine(address, **_settings(address))
    except NoSuchModuleError as error:
        raise StorageError(f"there is no driver of that name: {error}", where=shown, mend=FORMS) from None
    except ImportError as error:
        mend = "pip install 'jointopt[postgres]', and write postgresql+psycopg://"
        raise StorageError(f"the database's driver is not installed: {error}", where=shown, mend=mend) from None
    if engine.dialect.is_async:
        raise StorageError(f"the driver {engine.dialect.driver!r} is asynchronous", where=shown, mend=FORMS)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
        _watch(engine, shown)
    return engine


def hold_on(engine: Engine, patience_s: float = PATIENCE_S) -> None:
    """Let an engine that has been connected wait for a server that has gone away: it is likely to be restarted."""
    if engine.dialect.name == "sqlite":
        return

    def connect(dialect: Dialect, _record: object, words: list[Any], named: dict[str, Any]) -> object:
        deadline_s = time.monotonic() + patience_s
        while True:
            try:
                return dialect.connect(*words, **named)
            except dialect.loaded_dbapi.OperationalError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(PAUSE_S)

    event.listen(engine, "do_connect", connect)


def _settings(address: URL) -> dict[str, Any]:
    always: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
    if address.get_backend_name() == "sqlite":
        return {**always, "connect_args": {} if "timeout" in address.query else {"timeout": BUSY_TIMEOUT_MS / 1000}}
    libpq = address.drivername in ("postgresql+psycopg", "postgresql+psycopg2")
    words = {name: value for name, value in _CONNECTION.items() if libpq and name not in address.query}
    return {**always, **_POOL, "connect_args": words, "pool_events": [(_prepare_postgres, "connect")]}


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.autocommit = True  # what is set in a transaction is forgotten with it
    with closing(connection.cursor()) as cursor:
        cursor.execute(_SET_LIMITS)
    connection.autocommit = False


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk before it returns
    connection.execute("PRAGMA foreign_keys=ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait for others here as it does elsewhere, so we do."""
    deadline_s = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)


def _watch(engine: Engine, shown: str) -> None:
    """See at every transaction that the file is still the one that was opened: SQLite goes on writing to one that was
    deleted, and what it wrote is lost.
    """
    path, opened = Path(str(engine.url.database)).absolute(), list[tuple[int, int]]()

    def look(*_: object) -> None:
        try:
            found = path.stat()
        except OSError:
            here = []
        else:
            here = [(found.st_dev, found.st_ino)]
        if not opened:
            opened.extend(here)
        elif here != opened:
            message = f"{path} is not the file any more that was opened: it was moved, deleted or replaced"
            mend = "put the file back with what stands beside it (-wal, -shm), and run the same command again"
            raise StorageError(message, where=shown, mend=mend)

    event.listen(engine, "checkout", look)


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a lock asked for halfway is refused without waiting."""
    reads_only = connection.get_execution_options().get("jointopt_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
