"""Opens the one database of a study, and gives out its transactions.

SQLite is opened so that a power cut loses nothing and processes wait for one another instead of failing. A database of
an older layout is brought to this one. It knows the layout's version, and nothing of what the tables mean.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, inspect, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, NoSuchModuleError, ProgrammingError

from jointopt.errors import StorageError
from jointopt.storage import tables
from jointopt.storage.upgrades import upgrade

BUSY_TIMEOUT_MS = 30_000
_FORMS = "write it as sqlite:///study.db or postgresql+psycopg://user:password@host/database"
_PERMIT = "give read and write permission, or name another file"
_SQLITE_HEADER = b"SQLite format 3\0"
_FORBIDDEN = "42501"  # PostgreSQL's code for a user who lacks a right
_LOCK = 5_046_127  # any number that is ours: names the lock under which PostgreSQL's tables are made and changed


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
        with _refusals(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and so waits for nobody who writes.

        Raises:
            StorageError: as for `write`.
        """
        with _refusals(self.url), self.engine.connect() as connection:
            connection.execution_options(jointopt_reads_only=True)
            with connection.begin():
                yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can say what to do about a row that is already there."""
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str, *, create: bool = True) -> Database:
    """Open a database, make its tables where they are missing, and upgrade them where they are of an older layout.

    Args:
        url: as SQLAlchemy writes it.
        create: whether an SQLite file is made where there is none. A command that only looks says no, and may then
            look at a file that it cannot write, if that is of this layout.

    Raises:
        StorageError: it cannot be opened; nothing has been written.
    """
    address = _address(url)
    shown = masked(url)
    if address.get_backend_name() == "sqlite":
        _check_file(address, shown, create=create)
    database = Database(_engine(address, shown), shown)
    try:
        _lay_tables(database)
    except StorageError:
        database.close()
        raise
    return database


def masked(url: str) -> str:
    """A database URL without its secrets, even where it is no valid URL."""
    hidden = re.sub(r"^([^:]*:/*)([^@:]*).*@", r"\1\2:***@", url)
    return re.sub(r"(?i)((?:pass|pwd|secret|token)[^=&]*=)[^&]*", r"\1***", hidden)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError("this is no database URL", where=f"storage {masked(url)!r}", mend=_FORMS) from None
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        name = address.get_backend_name()
        raise StorageError(f"databases of the kind {name!r} are not supported", where=masked(url), mend=_FORMS)
    return address


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


def _engine(address: URL, shown: str) -> Engine:
    try:
        engine = create_engine(address, pool_pre_ping=True, hide_parameters=True)
    except NoSuchModuleError as error:
        raise StorageError(f"there is no driver of that name: {error}", where=shown, mend=_FORMS) from None
    except ImportError as error:
        mend = "install it, e.g. pip install 'psycopg[binary]'"
        raise StorageError(f"the database's driver is not installed: {error}", where=shown, mend=mend) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
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


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a lock asked for halfway is refused without waiting."""
    reads_only = connection.get_execution_options().get("jointopt_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _lay_tables(database: Database) -> None:
    """Make or upgrade the tables, all or nothing. Of many processes that open a database at once, one does it."""
    with database.read() as connection:
        if _version(connection, database.url) == tables.VERSION:
            return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        version = _version(connection, database.url)  # again: while this one waited, another may have done it
        tables.metadata.create_all(connection)
        if version is None:
            connection.execute(tables.schema.insert().values(version=tables.VERSION))
        elif version < tables.VERSION:
            upgrade(connection, version)


def _version(connection: Connection, shown: str) -> int | None:
    if not inspect(connection).has_table(tables.schema.name):
        return None
    version: int | None = connection.scalar(select(func.max(tables.schema.c.version)))
    if version is not None and version > tables.VERSION:
        message = f"written by a newer jointopt (layout {version}; this one knows up to {tables.VERSION})"
        raise StorageError(message, where=shown, mend="pip install --upgrade jointopt, or name another database")
    return version


@contextmanager
def _refusals(shown: str) -> Iterator[None]:
    """Turn the database's refusals into ours; our own mistakes (a broken constraint, wrong SQL) stay what they are."""
    try:
        yield
    except DatabaseError as error:
        forbidden = getattr(error.orig, "sqlstate", "") == _FORBIDDEN
        if isinstance(error, IntegrityError | ProgrammingError | DataError) and not forbidden:
            raise
        reason = next(iter(str(error.orig).splitlines()), type(error.orig).__name__)
        mend = "see that it is there, whole, writable and not full; what was committed before is kept"
        raise StorageError(f"the database refused: {reason}", where=shown, mend=mend) from error
