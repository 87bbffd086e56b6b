"""Limits per minute that several processes keep together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

from jointopt.storage import SharedPace, open_database


@contextmanager
def paces(url: str, count: int, now: list[float]) -> Iterator[list[SharedPace]]:
    """So many workers, each with a connection of its own, and their clock."""
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(open_database(url))) for _ in range(count)]
        yield [SharedPace(database, lambda: now[0]) for database in databases]


def test_two_workers_book_one_lane_in_turn(url: str) -> None:
    """What one has booked, the other waits for; another lane is free, and time passes."""
    now = [50.0]
    with paces(url, 2, now) as (one, other):
        assert [one("requests", 2.0), other("requests", 2.0), one("requests", 2.0)] == [0.0, 2.0, 4.0]
        assert other("tokens", 1.0) == 0.0
        now[0] = 53.0
        assert other("requests", 2.0) == 3.0
        now[0] = 1000.0
        assert one("requests", 2.0) == 0.0


def test_nothing_is_booked_twice_by_many_at_once(url: str) -> None:
    """Forty bookings of four workers: forty places in a row."""
    with paces(url, 4, [0.0]) as workers, ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda number: workers[number % 4]("requests", 1.0), range(40)))
    assert sorted(waits) == [float(place) for place in range(40)]
