"""Workers live by the database's clock, one of them conducts, and who falls silent is replaced."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Thread

import pytest
from sqlalchemy import select, update

from jointopt.domain import Budget, Spend
from jointopt.errors import StorageError, StudyLost
from jointopt.storage import BEATS, Crew, Database, Ledger, Studies, open_database
from jointopt.storage.owners import this_process
from jointopt.storage.tables import studies as studies_table
from jointopt.storage.tables import workers
from tests.storage.conftest import on_sqlite

FAR = 1000.0  # seconds; no test takes so long

Hire = Callable[[str], Crew]


@pytest.fixture
def hire(database: Database, study_id: int) -> Iterator[Hire]:
    """Gives a process of this host, by a name; all leases are long, and run out where `_silence` says so."""
    with ExitStack() as stack:
        found: dict[str, Crew] = {}

        def make(name: str) -> Crew:
            if name not in found:
                process = stack.enter_context(subprocess.Popen(["sleep", str(FAR)]))
                stack.callback(process.kill)
                found[name] = Crew(database, study_id, name=f"{socket.gethostname()}:{process.pid}", lease_s=FAR)
            return found[name]

        yield make


def _silence(database: Database, crew: Crew, seconds: float = 2 * FAR) -> None:
    """Have so much time pass for what a worker said last, by the database's clock."""
    mine = workers.c.name == crew.name
    with database.write() as connection:
        connection.execute(update(workers).where(mine).values(expires_at=workers.c.expires_at - seconds))
        held = studies_table.c.owner == crew.name
        connection.execute(update(studies_table).where(held).values(beat_at=studies_table.c.beat_at - seconds))


def test_one_of_many_conducts(hire: Hire, url: str, study_id: int) -> None:
    """Whoever asks first, also where eight ask at once."""
    hire("a").join()
    databases = [open_database(url) for _ in range(8)]
    names = [hire(str(number)).name for number in range(8)]
    crews = [Crew(each, study_id, name=name, lease_s=FAR) for each, name in zip(databases, names, strict=True)]
    won: list[str] = []

    def work(crew: Crew) -> None:
        crew.join()
        if crew.conduct():
            won.append(crew.name)

    threads = [Thread(target=work, args=(crew,)) for crew in crews]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    beats = {crew.name: crew.beat() for crew in crews}
    assert [name for name, beat in beats.items() if beat.conducts] == won
    assert {(beat.state, beat.conducted, beat.others) for beat in beats.values()} == {("running", True, 8)}
    for each in databases:
        each.close()


def test_who_is_silent_past_its_lease_is_replaced(hire: Hire, database: Database) -> None:
    """Not a moment sooner; awake again, it is a worker like any other."""
    first, second = hire("a"), hire("b")
    first.join()
    second.join()
    assert (first.conduct(), second.conduct()) == (True, False)
    _silence(database, first, FAR / 2)
    assert (second.conduct(), second.beat().conducted) == (False, True)
    _silence(database, first)
    assert second.beat()[1:4] == (False, False, 0)
    assert (second.conduct(), [one.name for one in second.living()]) == (True, [second.name])
    assert first.beat()[1:4] == (False, True, 1)
    assert first.conduct() is False


@pytest.mark.parametrize("offset_s", [-300.0, 300.0])
def test_no_worker_goes_by_its_own_clock(hire: Hire, monkeypatch: pytest.MonkeyPatch, offset_s: float) -> None:
    """One whose clock is five minutes off lives as long as the others, and holds nobody up."""
    first, second = hire("a"), hire("b")
    first.lease_s = second.lease_s = 60.0
    first.join()
    assert first.conduct()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + offset_s)
    second.join()
    assert (second.conduct(), second.beat().conducted, first.beat().others) == (False, True, 1)


def test_a_dead_process_of_this_host_is_not_waited_for(database: Database, study_id: int) -> None:
    """Its lease runs on, but the system knows better."""
    dead = Crew(database, study_id, name=f"{socket.gethostname()}:{2**22 + 7}:1", lease_s=FAR)
    dead.join()
    assert dead.conduct()
    here = Crew(database, study_id, lease_s=FAR)
    here.join()
    assert here.name == this_process()
    assert (here.conduct(), [one.name for one in here.living()]) == (True, [here.name])


def test_what_is_said_twice_counts_once(hire: Hire) -> None:
    """A call that is repeated after a lost acknowledgement finds what it did."""
    crew, other = hire("a"), hire("b")
    for _ in range(2):
        crew.join()
        assert crew.conduct(again=True)
    assert [one.name for one in crew.living()] == [crew.name]
    for _ in range(2):
        crew.step_down("finished")
    other.join()
    for _ in range(2):
        crew.leave()
    assert (other.beat().state, [one.name for one in other.living()]) == ("finished", [other.name])
    assert other.conduct() is False


def test_the_last_who_leaves_leaves_the_study_stopped(hire: Hire) -> None:
    """As long as another lives, it may go on; a stopped one goes on only where that is meant."""
    first, second = hire("a"), hire("b")
    first.join()
    second.join()
    assert first.conduct()
    first.step_down("running")
    first.leave()
    assert second.beat().state == "running"
    second.leave()
    assert second.beat().state == "stopped"
    assert (second.conduct(), second.conduct(again=True)) == (False, True)


def test_who_holds_the_study_no_more_ends_nothing(hire: Hire, database: Database) -> None:
    """It is another's, whatever state is said."""
    first, second = hire("a"), hire("b")
    first.join()
    second.join()
    assert first.conduct()
    _silence(database, first)
    assert second.conduct()
    first.step_down("finished")
    assert second.beat()[:2] == ("running", True)


def test_what_is_written_by_who_was_replaced_is_refused(hire: Hire, database: Database) -> None:
    """Who was frozen, and does not know it yet, can neither reserve nor write a trial down."""
    first, second = hire("a"), hire("b")
    ledger = Ledger(database, first.study_id, Budget(calls=10), owner=first.name)
    first.join()
    second.join()
    assert first.conduct()
    ledger.hold()
    ledger.reserve(Spend(1), "search")
    _silence(database, first)
    assert second.conduct()
    for write in (ledger.hold, lambda: ledger.reserve(Spend(1), "search")):
        with pytest.raises(StudyLost, match=f"worker {second.name} conducts the study by now"):
            write()
    second.step_down("stopped")
    with pytest.raises(StudyLost, match="has ended elsewhere"):
        ledger.hold()
    assert ledger.reserved() == Spend(1)


def test_the_wall_clock_runs_while_any_worker_lives(hire: Hire, database: Database) -> None:
    """Also while the conductor is silent and others wait for its lease, and while nobody conducts; not while the study
    is stopped, but for who still holds it. What all slept through counts as a lease at most.
    """
    first, second = hire("a"), hire("b")
    first.join()
    second.join()
    assert first.conduct()
    for seconds, crew, expected_s in ((60.0, first, 60.0), (40.0, second, 100.0), (10 * FAR, first, 100.0 + FAR)):
        _rewind(database, seconds)
        assert crew.beat().elapsed_s == pytest.approx(expected_s, abs=5)
    _rewind(database, FAR / 2)
    _silence(database, first, 2 * FAR)
    _rewind(database, -2 * FAR)
    assert second.conduct()
    assert second.beat().elapsed_s == pytest.approx(100.0 + 1.5 * FAR, abs=5)
    second.step_down("running")
    _rewind(database, 50.0)
    assert first.conduct()
    assert first.beat().elapsed_s == pytest.approx(150.0 + 1.5 * FAR, abs=5)
    Studies(database).stop(first.study_id)
    _rewind(database, 30.0)
    assert second.beat().elapsed_s == pytest.approx(150.0 + 1.5 * FAR, abs=5)
    first.step_down("stopped")
    _rewind(database, 30.0)
    assert first.conduct(again=True)
    assert first.beat().elapsed_s == pytest.approx(180.0 + 1.5 * FAR, abs=5)


def test_who_all_died_are_counted_until_one_beat_after_the_last(hire: Hire, database: Database) -> None:
    """When they died within it nobody knows; the time until somebody goes on is nobody's."""
    first, second = hire("a"), hire("b")
    first.join()
    assert first.conduct()
    _silence(database, first, 10 * FAR)
    second.join()
    assert second.conduct()
    assert second.beat().elapsed_s == pytest.approx(FAR / BEATS, abs=5)


def test_how_long_nobody_has_worked(hire: Hire, database: Database) -> None:
    """By the database's clock: since the study began, or since the last beat; not at all while a worker lives."""
    first = hire("a")
    with database.write() as connection:
        connection.execute(update(studies_table).values(begun_at=database.clock - 30.0))
    assert first.idle_s() == pytest.approx(30.0, abs=5)
    first.join()
    assert first.conduct() and first.idle_s() == 0.0
    _silence(database, first)
    assert first.idle_s() == pytest.approx(2 * FAR, abs=5)
    first.join()
    first.step_down("stopped")
    first.leave()
    assert first.idle_s() == pytest.approx(0.0, abs=5)


def test_the_version_is_that_of_the_first_who_joins(hire: Hire, database: Database, url: str, study_id: int) -> None:
    """Kept in the join's own transaction, so that of two versions which join at once one is refused."""
    refused: list[str] = []

    def work(crew: Crew) -> None:
        try:
            crew.join()
        except StorageError:
            refused.append(crew.version)

    for _ in range(5):
        crews = [Crew(open_database(url), study_id, name=hire(name).name, lease_s=FAR) for name in "ab"]
        threads = [Thread(target=work, args=(crew,)) for crew in crews]
        for number, crew in enumerate(crews):
            crew.version = str(number)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.read() as connection:
            kept = connection.scalar(select(studies_table.c.version))
        assert sorted([refused.pop(), str(kept)]) == ["0", "1"] and not refused
        for crew in crews:
            crew.leave()
            crew.database.close()


def _rewind(database: Database, seconds: float) -> None:
    """Have so much time pass since the study's wall clock was last counted."""
    with database.write() as connection:
        connection.execute(update(studies_table).values(beat_at=studies_table.c.beat_at - seconds))


def test_another_version_is_refused(hire: Hire, database: Database) -> None:
    """As long as a worker of one lives; both versions are named."""
    hire("a").join()
    with database.write() as connection:
        connection.execute(update(workers).values(version="99.1"))
    with pytest.raises(StorageError, match=r"runs jointopt 99\.1, and this one is .*\n  mend: install the same"):
        hire("b").join()
    _silence(database, hire("a"))
    hire("b").join()


@on_sqlite
def test_an_sqlite_file_serves_one_host(hire: Hire, database: Database) -> None:
    """Two would each see a file of their own, or spoil it."""
    far = Crew(database, hire("b").study_id, name="elsewhere.example:1:1", lease_s=FAR)
    far.join()
    with pytest.raises(
        StorageError,
        match=r"worker elsewhere\.example:1:1: works on the study from another host, and sqlite:.* is an SQLite file",
    ):
        hire("b").join()
    _silence(database, far)
    hire("b").join()
