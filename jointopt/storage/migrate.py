"""Brings a database of an older layout to this one, by Alembic and under a version table of our own.

It works inside a transaction that someone else opened, and does not know who else has the database open: whoever calls
it holds the lock. Alembic is slow to import, so nobody imports this file before a database needs it.
"""

from collections.abc import Iterable
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, update

from jointopt.storage import tables

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(connection: Connection, version: int) -> None:
    """Bring a database from layout `version` (1 or later) to this one, and write down that it is there.

    One that is older than the version table is adopted: it is given the table, with the layout that it has.
    """
    scripts = ScriptDirectory(SCRIPTS, version_locations=[SCRIPTS])

    def steps(heads: tuple[str, ...], _context: MigrationContext) -> Iterable[MigrationStep]:
        newest_first = scripts.iterate_revisions("head", heads[0])
        return [MigrationStep.upgrade_from_script(scripts.revision_map, script) for script in reversed([*newest_first])]

    options = {"version_table": tables.revisions.name, "fn": steps}
    context = MigrationContext.configure(connection, opts=options)
    if not context.get_current_heads():
        context.stamp(scripts, str(version))
    context.run_migrations(op=Operations(context))
    connection.execute(update(tables.schema).values(version=tables.VERSION))
