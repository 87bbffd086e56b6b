"""Which layout a database's tables have, and how they come to have this one. It does not know what they mean."""

import importlib

from sqlalchemy import Connection, func, inspect, select

from jointopt.errors import StorageError
from jointopt.storage import tables

_LOCK = 5_046_127  # any number that is ours: names the lock under which PostgreSQL's tables are made and changed


def is_current(connection: Connection, shown: str) -> bool:
    """Whether the tables are there, and of this layout.

    Raises:
        StorageError: they are of a later one.
    """
    return _version(connection, shown) == tables.VERSION


def lay(connection: Connection, shown: str) -> None:
    """Make or upgrade the tables, all or nothing. Of many processes that open a database at once, one does it.

    Args:
        connection: in a transaction that may write.
        shown: where the database is, without its password.

    Raises:
        StorageError: they are of a later layout.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    version = _version(connection, shown)  # again: while this one waited, another may have done it
    if version is None:
        tables.metadata.create_all(connection)
        connection.execute(tables.schema.insert().values(version=tables.VERSION))
        connection.execute(tables.revisions.insert().values(version_num=str(tables.VERSION)))
    elif version < tables.VERSION:
        importlib.import_module("jointopt.storage.migrate").migrate(connection, version)


def _version(connection: Connection, shown: str) -> int | None:
    """The layout's number; None where there are no tables yet."""
    there = inspect(connection)
    if not there.has_table(tables.schema.name):
        return None
    version: int | None = connection.scalar(select(func.max(tables.schema.c.version)))
    revision = None
    if there.has_table(tables.revisions.name):
        revision = connection.scalar(select(func.max(tables.revisions.c.version_num)))
    known = {str(number) for number in range(1, tables.VERSION + 1)}
    if (version or 0) > tables.VERSION or (revision and revision not in known):
        found = version if (version or 0) > tables.VERSION else repr(revision)
        message = f"written by a newer jointopt (layout {found}; this one knows up to {tables.VERSION})"
        raise StorageError(message, where=shown, mend="pip install --upgrade jointopt, or name another database")
    return int(revision) if revision else version
