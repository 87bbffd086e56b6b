"""A database that an older jointopt made is brought to this layout when it is opened, and nothing in it is lost."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import jointopt
from jointopt.domain import Budget, Policy, Request, Sample, Source, Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, SamplePool, Scoreboard, Studies, open_database
from jointopt.storage.migrate import SCRIPTS
from jointopt.storage.tables import VERSION, metadata, revisions
from tests.postgres import Server
from tests.storage.layouts import FAILED, FULL, LAYOUTS, file_of, make_old

Ask = Callable[[str], Request]

on_every_old = pytest.mark.parametrize("old", [*LAYOUTS], indirect=True)
on_old_files = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def old(request: pytest.FixtureRequest, url: str, ask: Ask) -> str:
    """Where a database of an older layout is, with two samples of one request in it; of the first unless asked."""
    server = None if url.startswith("sqlite") else request.getfixturevalue("postgres")
    make_old(url, getattr(request, "param", 1), ask("6 x 7?").key, server)
    return url


@pytest.fixture
def fresh(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Database]:
    """Another database of the same kind, which this jointopt made."""
    if url.startswith("sqlite"):
        with closing(open_database(f"sqlite:///{tmp_path / 'fresh.db'}")) as database:
            yield database
    else:
        server: Server = request.getfixturevalue("postgres")
        with server.database() as other, closing(open_database(other)) as database:
            yield database


def dump(url: str) -> list[str]:
    """All that a file says: its tables and their rows."""
    with closing(sqlite3.connect(file_of(url))) as file:
        return list(file.iterdump())


@on_every_old
def test_what_was_kept_is_still_there(old: str, ask: Ask) -> None:
    """Samples, accounts, studies and scorecards, as they were; of what was not counted then, there is none."""
    with closing(open_database(old, create=False)) as database:
        key = ask("6 x 7?").key
        assert SamplePool(database, 1).load([key]) == {key: [FULL, FAILED]}
        assert (FULL.cached_tokens, FULL.reasoning_tokens) == (0, 0)
        ledger = Ledger(database, 1, Budget(calls=9))
        assert (ledger.spent(), ledger.audit()) == (Spend(2, 46, 1.5e-7), [])
        assert Studies(database).find("old").elapsed_s == 3.75
        (card,) = Scoreboard(database, 1).cards().values()
        assert (card.policy, card.score) == (Policy(Source("p", "m", 0.7), "majority", 2), 0.5)
        assert (card.objectives, card.unreadable.tolist()) == ({}, [])


@pytest.mark.parametrize("old", [2], indirect=True)
def test_limits_per_minute_of_layout_2_are_kept(old: str) -> None:
    """What was booked stays booked."""
    with closing(open_database(old)) as database, database.read() as connection:
        assert connection.execute(text("SELECT lane, free_at FROM jointopt_lanes")).all() == [("requests", 60.5)]


@on_every_old
def test_new_samples_and_reservations_say_what_old_ones_could_not(old: str, ask: Ask) -> None:
    """Both kinds side by side, and the ledger goes on."""
    with closing(open_database(old)) as database:
        pool, request, ledger = SamplePool(database, 1), ask("6 x 7?"), Ledger(database, 1, Budget(calls=9))
        new = Sample(2, "42", input_tokens=12, output_tokens=30, cached_tokens=8, reasoning_tokens=20)
        pool.keep([(request, [new])])
        assert pool.load([request.key])[request.key] == [FULL, FAILED, new]
        ledger.settle(ledger.reserve(Spend(3), "search"), Spend(2))
        assert (ledger.spent().calls, ledger.audit()) == (4, [])


@on_every_old
def test_an_upgraded_layout_is_the_layout(old: str, fresh: Database) -> None:
    """As each database describes itself, column by column and key by key, and as Alembic compares it with the code."""
    with closing(open_database(old)) as upgraded:
        assert described(upgraded) == described(fresh)
        for database in (upgraded, fresh):
            with database.read() as connection:
                assert differences(connection) == []


@on_old_files
def test_opening_again_changes_nothing(old: str) -> None:
    """It is upgraded once."""
    open_database(old).close()
    before = dump(old)
    open_database(old).close()
    assert dump(old) == before


def described(database: Database) -> dict[str, object]:
    """The version, and every table as the database itself describes it."""
    with database.read() as connection:
        see = inspect(connection)
        tables = {
            name: (
                repr(see.get_columns(name)),
                see.get_pk_constraint(name),
                sorted(see.get_indexes(name), key=repr),
                see.get_foreign_keys(name),
                see.get_unique_constraints(name),
            )
            for name in metadata.tables
        }
        versions = [
            connection.execute(table.select()).all() for table in (metadata.tables["jointopt_schema"], revisions)
        ]
        return {"versions": versions, **tables}


def differences(connection: Connection) -> list[object]:
    """What Alembic would change; its own table it never looks at."""
    options = {
        "version_table": revisions.name,
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _parents: kind != "table" or name.startswith("jointopt_"),
        "include_object": lambda _object, name, kind, _reflected, _other: kind != "table" or name != revisions.name,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@on_every_old
def test_many_open_it_at_once(old: str) -> None:
    """One of them upgrades, the others wait and find it done."""
    together = Barrier(6)

    def open_and_count(_: int) -> int:
        together.wait()
        with closing(open_database(old)) as database:
            return SamplePool(database, 1).count()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(open_and_count, range(6))) == [2] * 6


@on_old_files
@on_every_old
def test_an_upgrade_that_fails_leaves_the_old_layout(old: str) -> None:
    """Its last step is refused: the first has not happened either."""
    with closing(sqlite3.connect(file_of(old))) as file, file:
        file.execute("CREATE TABLE jointopt_orders (theirs TEXT)")
    before = dump(old)
    with pytest.raises(StorageError, match="already exists") as caught:
        open_database(old)
    assert caught.value.mend
    assert dump(old) == before


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_an_upgrade_that_fails_on_postgresql_leaves_the_old_layout(old: str, postgres: Server) -> None:
    """There, too: neither the new columns nor the version table are left behind."""
    name = old.rpartition("/")[2]
    postgres.say("CREATE TABLE jointopt_orders (theirs TEXT)", name)
    with pytest.raises(StorageError, match="already exists"):
        open_database(old)
    assert postgres.say("SELECT version, to_regclass('jointopt_alembic') FROM jointopt_schema", name) == [(1, None)]
    assert postgres.say("SELECT count(*) FROM information_schema.columns WHERE column_name = 'beat_at'", name) == [(0,)]


INSERT_AS_BEFORE = """
INSERT INTO jointopt_samples (
    request_key, replicate, study_id, text, reasoning, finish, input_tokens, output_tokens, cost_usd, latency_s
) VALUES (:key, 2, 1, '43', '', 'stop', 12, 9, 0, 0)
"""


def test_an_older_jointopt_that_still_runs_goes_on(old: str, ask: Ask) -> None:
    """What it writes after the upgrade, with the columns it knows, is readable."""
    with closing(open_database(old)) as database:
        with database.write() as connection:
            connection.execute(text(INSERT_AS_BEFORE), {"key": ask("6 x 7?").key})
        late = Sample(2, "43", input_tokens=12, output_tokens=9)
        assert SamplePool(database, 1).load([ask("6 x 7?").key])[ask("6 x 7?").key] == [FULL, FAILED, late]


def test_an_older_jointopt_refuses_a_newer_database(old: str) -> None:
    """It reads the one version row, which every layout keeps up to date."""
    with closing(open_database(old)) as database, database.read() as connection:
        assert connection.execute(text("SELECT version FROM jointopt_schema")).all() == [(VERSION,)]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE jointopt_schema SET version = {VERSION + 1}", f"layout {VERSION + 1};"),
        ("UPDATE jointopt_alembic SET version_num = 'later'", "layout 'later';"),
    ],
)
def test_a_newer_database_is_refused(url: str, database: Database, statement: str, found: str) -> None:
    """An older jointopt must not guess what a newer one meant, however it was told."""
    with database.write() as connection:
        connection.execute(text(statement))
    with pytest.raises(StorageError, match="written by a newer jointopt") as caught:
        open_database(url)
    assert found in caught.value.message
    assert "upgrade" in caught.value.mend


def test_optunas_versions_are_left_alone(old: str) -> None:
    """Its Alembic keeps a table of its own in the same database."""
    with closing(open_database(old)) as database:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('v3.2.0.a')"))
            connection.execute(text("DROP TABLE jointopt_alembic"))
            connection.execute(text(f"UPDATE jointopt_schema SET version = {VERSION}"))
        open_database(old).close()
        with database.read() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [("v3.2.0.a",)]


def test_every_layout_has_a_script() -> None:
    """One line of them, from the first to this one, each named by its number."""
    scripts = ScriptDirectory(SCRIPTS, version_locations=[SCRIPTS])
    found = [script.revision for script in scripts.walk_revisions()]
    assert found == [str(number) for number in range(VERSION, 0, -1)]


OPEN = """
import sys
from jointopt.storage import open_database
open_database(sys.argv[1]).close()
print("alembic" in sys.modules)
"""


def opened(url: str, folder: Path, package: Path) -> str:
    """Open a database in a process of its own, which lies elsewhere; whether it imported Alembic."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, url],
        cwd=folder, env={"PYTHONPATH": str(package)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@on_old_files
def test_an_installed_package_finds_its_scripts(old: str, tmp_path: Path) -> None:
    """Beside its own code, wherever that lies and wherever the process was started; only an upgrade needs Alembic."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copytree(Path(jointopt.__file__).parent, site / "jointopt", ignore=left_out)
    assert [opened(old, elsewhere, site) for _ in range(2)] == ["True", "False"]
    assert opened(f"sqlite:///{tmp_path / 'new.db'}", elsewhere, site) == "False"
