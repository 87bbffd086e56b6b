"""What befalls the machines of a study, in whole processes: a disk that is full."""

import resource
from collections.abc import Callable
from pathlib import Path

from tests.hostile.server import Server as Model
from tests.study.crowd import (
    Claims,
    File,
    calls,
    claims,
    kept,
    left_over,
    until,
    write_study,
)
from tests.study.hosts import Command, fill, small_disk

DELAY_S = 0.05


def _ended_for_want_of_room(run: Command) -> None:
    """See that it ended as a user's mistake does: what failed, and the mend, in a few lines."""
    assert (run.end(), "Traceback" in run.said) == (2, False)
    _, _, told = run.said.partition("jointopt: ")
    assert "make room on the disk" in told and len(told.splitlines()) < 6


def _nothing_was_lost(store: File, file: Path, alone: Claims, bought: Callable[[], int], first: int) -> None:
    """See that the same command ends the study as one ends it that nobody disturbs, and that the money adds up. The
    first process had no room to write that it left.
    """
    had = kept(store)
    with Command(file.parent, "again", ["jointopt", "run", file.name]) as run:
        assert (run.end(), "Traceback" in run.said) == (0, False)
    ledger = calls(store)
    assert (ledger["settled"], ledger["reserved"]) == (kept(store), 0)
    assert 40 < had <= kept(store) <= bought() <= ledger["settled"] + ledger["lost"] <= 20_000
    left = [line for line in left_over(store) if f":{first}:" not in str(line)]
    assert (claims(store), left) == (alone, [])


def test_a_file_may_grow_no_more(tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int]) -> None:
    """An SQLite file that has come to its limit in the middle of a study ends the run with one clear message; what
    arrived is kept, and the same command goes on once there is room.
    """
    model.delay_s, store = DELAY_S, File(tmp_path / "crowd.db")
    file, log = write_study(tmp_path, model.url, store), tmp_path / "crowd.db-wal"
    with Command(tmp_path, "first", ["jointopt", "run", file.name]) as run:
        until(lambda: kept(store) > 40 or not run.runs())
        room = max(log.stat().st_size, store.path.stat().st_size)
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        _ended_for_want_of_room(run)
    _nothing_was_lost(store, file, alone, bought, run.process.pid)


def test_the_disk_is_full(tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int]) -> None:
    """A disk that fills up in the middle of a study ends the run with one clear message; what arrived is kept, and the
    same command goes on once there is room.
    """
    model.delay_s, store = DELAY_S, File(tmp_path / "disk" / "crowd.db")
    with small_disk(tmp_path / "disk"):
        file = write_study(tmp_path, model.url, store)
        with Command(tmp_path, "first", ["jointopt", "run", file.name]) as run:
            until(lambda: kept(store) > 40 or not run.runs())
            ballast = fill(tmp_path / "disk")
            _ended_for_want_of_room(run)
        ballast.unlink()
        _nothing_was_lost(store, file, alone, bought, run.process.pid)
