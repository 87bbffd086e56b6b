"""The tables live beside Optuna's."""

import pytest
from sqlalchemy import URL
from sqlalchemy.schema import CreateTable

from jointopt.storage import Database
from jointopt.storage.tables import VERSION, metadata, schema


def test_every_table_carries_our_prefix() -> None:
    """Optuna's tables have other names, and always will."""
    assert metadata.tables
    assert all(name.startswith("jointopt_") for name in metadata.tables)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_every_table_can_be_written_in_both_dialects(name: str) -> None:
    """The same tables can be made in SQLite and in PostgreSQL."""
    dialect = URL.create(name).get_dialect()()
    for table in metadata.tables.values():
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))


def test_a_new_database_says_its_version(database: Database) -> None:
    """The version row is written with the tables."""
    with database.read() as connection:
        assert connection.execute(schema.select()).all() == [(VERSION,)]
