"""Limits per minute that several processes keep together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jointopt.storage import SharedPace, open_database


def test_two_workers_book_one_lane_in_turn(tmp_path: Path) -> None:
    """What one has booked, the other waits for; another lane is free, and time passes."""
    url, now = f"sqlite:///{tmp_path / 'pool.db'}", [50.0]
    one, other = (SharedPace(open_database(url), lambda: now[0]) for _ in range(2))
    assert [one("requests", 2.0), other("requests", 2.0), one("requests", 2.0)] == [0.0, 2.0, 4.0]
    assert other("tokens", 1.0) == 0.0
    now[0] = 53.0
    assert other("requests", 2.0) == 3.0
    now[0] = 1000.0
    assert one("requests", 2.0) == 0.0


def test_nothing_is_booked_twice_by_many_at_once(tmp_path: Path) -> None:
    """Forty bookings of four workers: forty places in a row."""
    url = f"sqlite:///{tmp_path / 'pool.db'}"
    paces = [SharedPace(open_database(url), lambda: 0.0) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda number: paces[number % 4]("requests", 1.0), range(40)))
    assert sorted(waits) == [float(place) for place in range(40)]
