"""How a database of an older layout becomes one of this layout, step by step.

A step is written once and follows no later change of the tables: every database goes the same way. It works inside a
transaction that someone else opened, and does not know who else has the database open: whoever calls it holds the lock.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text, update

from jointopt.storage import tables

STEPS: Mapping[int, Sequence[str]] = {
    1: (  # samples say how many tokens were cached, and how many went into reasoning
        "ALTER TABLE jointopt_samples ADD COLUMN cached_tokens INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE jointopt_samples ADD COLUMN reasoning_tokens INTEGER DEFAULT 0 NOT NULL",
    ),
}
"""What leads from each older layout to the next, in words that SQLite and PostgreSQL both know."""


def upgrade(connection: Connection, version: int) -> None:
    """Bring a database from layout `version` (1 or later) to this one, and write down that it is there."""
    for older in range(version, tables.VERSION):
        for statement in STEPS[older]:
            connection.execute(text(statement))
    connection.execute(update(tables.schema).values(version=tables.VERSION))
