"""Opens the one database of a study, and gives out its transactions and its clock.

A database of an older layout is brought to this one. It does not know what the tables mean.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, ColumnElement, Connection, Double, Engine, Table, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from jointopt.errors import StorageError
from jointopt.storage.addresses import address_of, masked
from jointopt.storage.engines import hold_on, open_engine
from jointopt.storage.layout import is_current, lay
from jointopt.storage.refusals import refusals
from jointopt.storage.repeats import PATIENCE_S, insist

_PERMIT = "give read and write permission, or name another file"
_SQLITE_HEADER = b"SQLite format 3\0"
# All that is read is of one moment, also where it takes several statements.
_READS_ONLY: Mapping[str, dict[str, Any]] = {
    "sqlite": {"jointopt_reads_only": True},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}
# Seconds since 1970 as the database counts them, this very moment: not of when the transaction began.
_CLOCK: Mapping[str, str] = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. May be used from any number of threads at once.

    Attributes:
        engine: SQLAlchemy's.
        url: fit to be shown: without the password.
        patience_s: how long a server that has gone away is waited for.
    """

    engine: Engine = field(repr=False)
    url: str
    patience_s: float = PATIENCE_S

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Have work done in a transaction that may write: all of it, or nothing; returns what it returns.

        Where the connection is lost, the server restarts, or two transactions are in each other's way, it is done again
        from the start, as long as `patience_s` allows. The first commit may have gone through and only its
        acknowledgement been lost, so the work must come to the same when it is done twice.

        Raises:
            StorageError: the database refused, for a reason that lies outside the program (full, locked, gone).
        """

        def once() -> T:
            with self.write() as connection:
                return work(connection)

        return insist(once, self.patience_s)

    def query(self, work: Callable[[Connection], T]) -> T:
        """Have work done in a transaction that only reads, again from the start where `transact` would begin anew.

        Raises:
            StorageError: as for `transact`.
        """

        def once() -> T:
            with self.read() as connection:
                return work(connection)

        return insist(once, self.patience_s)

    @property
    def clock(self) -> ColumnElement[float]:
        """The database's clock as an SQL expression: seconds since 1970, the same for all who share the database."""
        return literal_column(_CLOCK[self.engine.dialect.name], Double)

    def now(self, connection: Connection) -> float:
        """What the database's clock says, in seconds since 1970."""
        return float(connection.execute(select(self.clock)).scalar_one())

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: all of it, or nothing. One that a lost connection breaks off is not repeated.

        Raises:
            StorageError: as for `transact`.
        """
        with refusals(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and so waits for nobody who writes. It is not repeated.

        Raises:
            StorageError: as for `transact`.
        """
        with refusals(self.url), self.engine.connect() as connection:
            connection.execution_options(**_READS_ONLY[self.engine.dialect.name])
            with connection.begin():
                yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can say what to do about a row that is already there."""
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str, *, create: bool = True, patience_s: float = PATIENCE_S) -> Database:
    """Open a database, make its tables where they are missing, and upgrade them where they are of an older layout.

    Args:
        url: as SQLAlchemy writes it.
        create: whether an SQLite file is made where there is none. A command that only looks says no, and may then
            look at a file that it cannot write, if that is of this layout.
        patience_s: how long an open database waits for a server that has gone away.

    Raises:
        StorageError: it cannot be opened; nothing has been written.
    """
    address = address_of(url)
    shown = masked(url)
    if address.get_backend_name() == "sqlite":
        _check_file(address, shown, create=create)
    database = Database(open_engine(address, shown), shown, patience_s)
    try:
        if not database.query(lambda connection: is_current(connection, shown)):
            database.transact(lambda connection: lay(connection, shown))
    except StorageError:
        database.close()
        raise
    hold_on(database.engine, patience_s)
    return database


def _check_file(address: URL, shown: str, *, create: bool) -> None:
    """Refuse a path that cannot hold the database, before SQLite touches it."""
    if address.database in (None, "", ":memory:"):
        message, mend = "a database in memory would lose every paid sample", "name a file: sqlite:///study.db"
        raise StorageError(message, where=shown, mend=mend)
    path = Path(str(address.database))
    try:
        problem = _problem(path, create=create)
    except OSError as error:
        problem = (f"cannot be read: {error.strerror}", _PERMIT)
    if problem:
        raise StorageError(f"{path} {problem[0]}", where=shown, mend=problem[1])


def _problem(path: Path, *, create: bool) -> tuple[str, str] | None:
    """What keeps a file from being our database, and the mend."""
    if path.is_dir():
        return "is a folder", "name a file inside it"
    if not path.parent.is_dir():
        return f"cannot be made: there is no folder {path.parent}", f"make it first: mkdir -p {path.parent}"
    if create and not os.access(path if path.exists() else path.parent, os.W_OK):
        return "cannot be written: permission denied", _PERMIT
    if path.exists():
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_HEADER))
        foreign = start not in (b"", _SQLITE_HEADER)
        return ("is not an SQLite database", "name another file; this one was left as it is") if foreign else None
    return None if create else ("does not exist", "check the name, or run a study there first")
