"""Limits per minute that several processes keep together, by the database's clock."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from jointopt.storage import Database, SharedPace, open_database

HOUR_S = 3600.0  # booked at once, so that what a test takes itself does not count
NEAR_S = 300.0


@contextmanager
def paces(url: str, count: int) -> Iterator[list[SharedPace]]:
    """So many workers, each with a connection of its own."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(open_database(url))) for _ in range(count)]
        yield [SharedPace(database) for database in databases]


def hours(waits: list[float]) -> list[int]:
    """How many whole hours to wait, give or take what the test took."""
    assert all(abs(wait - round(wait / HOUR_S) * HOUR_S) < NEAR_S for wait in waits)
    return [round(wait / HOUR_S) for wait in waits]


def let_pass(database: Database, seconds: float) -> None:
    """As if so much time had gone by since everything was booked."""
    with database.write() as connection:
        connection.execute(text(f"UPDATE jointopt_lanes SET free_at = free_at - {seconds}"))


def test_two_workers_book_one_lane_in_turn(url: str) -> None:
    """What one has booked, the other waits for; another lane is free, and time passes."""
    with paces(url, 2) as (one, other):
        assert one("requests", 2 * HOUR_S) == 0.0
        assert hours([other("requests", 2 * HOUR_S), one("requests", 2 * HOUR_S)]) == [2, 4]
        assert other("tokens", HOUR_S) == 0.0
        let_pass(one.database, 3 * HOUR_S)
        assert hours([other("requests", 2 * HOUR_S)]) == [3]
        let_pass(one.database, 100 * HOUR_S)
        assert one("requests", 2 * HOUR_S) == 0.0


def test_nothing_is_booked_twice_by_many_at_once(url: str) -> None:
    """Forty bookings of four workers: forty places in a row."""
    with paces(url, 4) as workers, ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda number: workers[number % 4]("requests", HOUR_S), range(40)))
    assert sorted(hours(waits)) == list(range(40))


BOOK = """
import sys, time
from jointopt.storage import SharedPace, open_database
print(SharedPace(open_database(sys.argv[1]))("requests", 1.0), time.time())
"""
SHIFT = """
import time
_true = time.time
time.time = lambda: _true() + {ahead}
"""


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_a_worker_whose_clock_is_wrong_holds_nobody_up(url: str, tmp_path: Path, ahead: float) -> None:
    """A process five minutes ahead, or behind, books the next second, not one of its own reckoning."""
    (tmp_path / "sitecustomize.py").write_text(SHIFT.format(ahead=ahead), encoding="utf-8")
    with paces(url, 1) as (mine,):
        assert mine("requests", 1.0) == 0.0
        said = [
            subprocess.run(
                [sys.executable, "-c", BOOK, url], env=env, capture_output=True, text=True, check=True
            ).stdout.split()
            for env in ({}, {"PYTHONPATH": str(tmp_path)})
        ]
        assert abs(float(said[1][1]) - float(said[0][1]) - ahead) < 60  # its clock was wrong indeed
        assert float(said[1][0]) < 60
        assert mine("requests", 1.0) < 60


def test_the_clock_is_the_databases(database: Database) -> None:
    """It counts seconds since 1970, goes on within a transaction, and is an expression that an update can use."""
    with database.write() as connection:
        before = database.now(connection)
        connection.execute(text("INSERT INTO jointopt_lanes VALUES ('a', 0)"))
        while database.now(connection) == before:
            pass
        assert 1.7e9 < before < database.now(connection) < before + 60
        row = connection.execute(text("SELECT free_at FROM jointopt_lanes")).scalar_one()
        assert row == 0
