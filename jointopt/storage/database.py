"""Opens the one database of a study, and gives out its transactions.

A database of an older layout is brought to this one. It does not know what the tables mean.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from jointopt.errors import StorageError
from jointopt.storage.addresses import address_of, masked
from jointopt.storage.engines import PATIENCE_S, hold_on, open_engine
from jointopt.storage.layout import is_current, lay
from jointopt.storage.refusals import refusals

_PERMIT = "give read and write permission, or name another file"
_SQLITE_HEADER = b"SQLite format 3\0"
# All that is read is of one moment, also where it takes several statements.
_READS_ONLY: Mapping[str, dict[str, Any]] = {
    "sqlite": {"jointopt_reads_only": True},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. May be used from any number of threads at once.

    Attributes:
        engine: SQLAlchemy's.
        url: fit to be shown: without the password.
    """

    engine: Engine
    url: str

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: all of it, or nothing.

        Raises:
            StorageError: the database refused, for a reason that lies outside the program (full, locked, gone).
        """
        with refusals(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and so waits for nobody who writes.

        Raises:
            StorageError: as for `write`.
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
    database = Database(open_engine(address, shown), shown)
    try:
        with database.read() as connection:
            current = is_current(connection, shown)
        if not current:
            with database.write() as connection:
                lay(connection, shown)
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
