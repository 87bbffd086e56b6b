"""Opening a database: safe settings, and clear refusals that write nothing."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jointopt.domain import Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, Studies, open_database
from tests.storage.conftest import on_sqlite


@on_sqlite
def test_sqlite_is_opened_so_that_nothing_is_lost(database: Database) -> None:
    """Write-ahead log, every commit on the disk, waiting instead of failing, foreign keys."""
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}


def test_a_reader_does_not_wait_for_a_writer(database: Database, studies: Studies, study_id: int) -> None:
    """What is read is the last committed state."""
    with database.write() as connection:
        connection.execute(text(f"DELETE FROM jointopt_studies WHERE id = {study_id}"))
        assert studies.names() == ["first"]
    assert studies.names() == []


def test_what_is_read_is_of_one_moment(database: Database, ledger: Ledger) -> None:
    """Whatever is written between two statements of a reader, and by whom."""
    counted = text("SELECT calls FROM jointopt_accounts")
    ledger.reserve(Spend(1), "search")
    with database.read() as connection:
        before = connection.execute(counted).all()
        ledger.reserve(Spend(1), "search")
        assert connection.execute(counted).all() == before == [(1,)]
    assert ledger.reserved() == Spend(2)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    """Our own mistakes keep their type and are rolled back."""
    with pytest.raises(IntegrityError):
        write_a_version_twice(database)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM jointopt_schema")) == 1


def write_a_version_twice(database: Database) -> None:
    """The first statement is right, the second is not."""
    with database.write() as connection:
        for _ in range(2):
            connection.execute(text("INSERT INTO jointopt_schema VALUES (0)"))


def test_opening_twice_finds_what_was_kept(url: str, database: Database) -> None:
    """The tables are made once."""
    Studies(database).begin("kept", "", "", now=0.0)
    again = open_database(url, create=False)
    assert Studies(again).names() == ["kept"]
    again.close()


def test_optunas_tables_and_others_are_left_alone(tmp_path: Path) -> None:
    """A database that already holds something else gains our tables and loses nothing."""
    path = tmp_path / "shared.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE studies (name TEXT)")
        other.execute("INSERT INTO studies VALUES ('theirs')")
    other.close()
    database = open_database(f"sqlite:///{path}")
    with database.read() as connection:
        assert connection.execute(text("SELECT name FROM studies")).scalar() == "theirs"
    database.close()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("sqlite:///{here}/missing/study.db", "there is no folder"),
        ("sqlite:///{here}", "is a folder"),
        ("sqlite:///{here}/notes.txt", "is not an SQLite database"),
        ("sqlite:///{here}/notes.txt/study.db", "there is no folder"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://me:secret@host/db", "'mysql' are not supported"),
        ("postgresql+wrong://me:secret@host/db", "no driver of that name"),
        ("postgresql+asyncpg2://me:secret@host/db?password=secret", "no driver of that name"),
        ("study.db", "no database URL"),
        ("postgresql:/me:secret@host:port/db", "no database URL"),
        ("postgresql://me:secret@host:port/db", "no database URL"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_nothing_is_written(tmp_path: Path, url: str, complaint: str) -> None:
    """The message names the place and the mend, never the password; the folder stays as it was."""
    (tmp_path / "notes.txt").write_text("only notes, long enough to have a header of its own")
    with pytest.raises(StorageError, match=complaint) as caught:
        open_database(url.format(here=tmp_path))
    assert caught.value.where
    assert caught.value.mend
    assert "secret" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text().startswith("only notes")


def test_a_database_that_must_exist_is_not_made(tmp_path: Path) -> None:
    """A command that only looks leaves no empty file behind."""
    with pytest.raises(StorageError, match="does not exist"):
        open_database(f"sqlite:///{tmp_path / 'study.db'}", create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_an_unwritable_folder_is_refused() -> None:
    """Not even root can make a file there."""
    with pytest.raises(StorageError, match=r"cannot be written|unable to open") as caught:
        open_database("sqlite:////proc/self/study.db")
    assert caught.value.mend


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("mode", [0o400, 0o000])
def test_a_file_without_permission_is_refused(tmp_path: Path, mode: int) -> None:
    """Whether it may be read or not."""
    path = tmp_path / "study.db"
    open_database(f"sqlite:///{path}").close()
    path.chmod(mode)
    with pytest.raises(StorageError, match=r"(?i)permission denied") as caught:
        open_database(f"sqlite:///{path}")
    assert "permission" in caught.value.mend


@on_sqlite
def test_a_corrupt_database_is_refused_and_left_as_it_is(url: str, tmp_path: Path) -> None:
    """The header is right, what follows is not."""
    open_database(url).close()
    path = tmp_path / "study.db"
    content = path.read_bytes()
    broken = content[:100] + b"\xff" * (len(content) - 100)
    path.write_bytes(broken)
    with pytest.raises(StorageError, match="malformed"):
        open_database(url)
    assert path.read_bytes() == broken
