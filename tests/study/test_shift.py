"""Who conducts a study, and who takes over: after a stop, a refused key, a death, a failing figure."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import update

from jointopt.config import read_study
from jointopt.errors import ModelError
from jointopt.storage.tables import studies
from jointopt.study import Progress, Study, stop_study
from jointopt.study.canary import EXAMPLES, Canary
from tests.hostile import faults
from tests.hostile.server import Server as Model
from tests.study.crowd import (
    AT_LEISURE_S,
    Claims,
    File,
    Shelf,
    Worker,
    calls,
    claims,
    conductor,
    finish,
    kept,
    see_settled,
    start,
    until,
    write_study,
)

WriteStudy = Callable[[int], Path]


@pytest.fixture
def picky(model: Model) -> Iterator[Model]:
    """The model, whose keys may be told, and its behaviour."""
    yield model
    model.keys = frozenset()
    model.behave(faults.HONEST)


def _pinned(store: Shelf) -> int:
    """What the canary has asked for."""
    return int(store.say("SELECT coalesce(sum(calls), 0) FROM jointopt_accounts WHERE phase = 'canary'")[0][0])


def test_a_study_is_resumed_while_its_conductor_is_still_leaving(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int]
) -> None:
    """Who goes on right after a stop waits for what the other has still under way, and then goes on."""
    file = write_study(tmp_path, model.url, shelf)
    model.delay_s = 0.5
    [first] = start(file, 1)
    until(lambda: kept(shelf) > 20, [first])
    model.delay_s = 8.0
    time.sleep(1.5)  # until what is under way takes long
    stop_study(shelf.url, "crowd")
    second = Worker(file, "key-of-the-second")
    until(lambda: len(shelf.say("SELECT id FROM jointopt_workers")) == 2, [first])
    assert first.end() == 2 and "the study was stopped" in first.said
    model.delay_s = AT_LEISURE_S
    assert second.end() == 0 and second.said.count("goes on as soon as") == 1
    see_settled(shelf, bought())
    assert claims(shelf) == alone


@pytest.mark.parametrize("who", ["conducts", "buys"])
def test_a_worker_whose_key_is_refused_leaves_it_to_the_others(
    shelf: Shelf, tmp_path: Path, picky: Model, alone: Claims, bought: Callable[[], int], who: str
) -> None:
    """In the middle of a study: it says why, what it had taken goes back, and the others finish as if nothing was."""
    picky.delay_s = 0.3
    workers = start(write_study(tmp_path, picky.url, shelf), 3)
    before = Counter(picky.visits.keys)
    until(lambda: len(picky.visits.keys - before) == 3 and kept(shelf) > 30, workers)
    refused = next(one for one in workers if (one.pid == conductor(shelf)) is (who == "conducts"))
    picky.keys = frozenset(one.key for one in workers if one is not refused)
    assert refused.end() == 2
    assert "refuses the key" in refused.said and "check the key in CROWD_KEY" in refused.said
    picky.delay_s = AT_LEISURE_S
    rest = [one for one in workers if one is not refused]
    assert [(one.end(), "refuses" in one.said) for one in rest] == [(0, False)] * 2
    see_settled(shelf, bought())
    assert claims(shelf) == alone


def test_all_leave_when_all_keys_are_refused_in_the_middle(
    shelf: Shelf, tmp_path: Path, picky: Model, bought: Callable[[], int]
) -> None:
    """Also a conductor that waits for what it has ordered, and that nobody is left to buy."""
    picky.delay_s = 1.0
    workers = start(write_study(tmp_path, picky.url, shelf), 2)
    until(lambda: len(shelf.say("SELECT id FROM jointopt_workers")) == 2 and _open_orders(shelf) > 30, workers)
    picky.keys = frozenset({"none of theirs"})
    assert [(one.end(), "refuses the key" in one.said) for one in workers] == [(2, True)] * 2
    assert shelf.say("SELECT state, owner FROM jointopt_studies") == [("stopped", None)]
    assert shelf.say("SELECT name FROM jointopt_workers") + shelf.say("SELECT id FROM jointopt_orders") == []
    assert (calls(shelf), kept(shelf)) == ({"settled": bought(), "reserved": 0, "lost": 0}, bought())


def test_a_study_whose_keys_are_all_refused_is_stopped(shelf: Shelf, tmp_path: Path, picky: Model) -> None:
    """Each worker tries once, and leaves; nobody goes round in circles."""
    picky.keys, met = frozenset({"none of theirs"}), picky.visits.met["wrong_key"]
    workers = start(write_study(tmp_path, picky.url, shelf), 3)
    assert [(one.end(), "refuses the key" in one.said) for one in workers] == [(2, True)] * 3
    assert shelf.say("SELECT state, owner FROM jointopt_studies") == [("stopped", None)]
    assert (calls(shelf), kept(shelf)) == ({"settled": 0, "reserved": 0, "lost": 0}, 0)
    assert picky.visits.met["wrong_key"] - met <= 3 * 2 * EXAMPLES


def test_the_canary_is_not_asked_again_by_who_takes_over(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims
) -> None:
    """But where the study goes on after nobody had worked on it."""
    file = write_study(tmp_path, model.url, shelf)
    model.delay_s = 0.3
    first, second = start(file, 2)
    until(lambda: len(shelf.say("SELECT id FROM jointopt_workers")) == 2 and kept(shelf) > 30, [first, second])
    leading, other = (first, second) if conductor(shelf) == first.pid else (second, first)
    leading.tell(signal.SIGINT)
    assert leading.end() == 130
    until(lambda: conductor(shelf) == other.pid and kept(shelf) > 60, [other])
    assert _pinned(shelf) == 2 * EXAMPLES
    other.tell(signal.SIGINT)
    assert other.end() == 130
    model.delay_s = AT_LEISURE_S
    finish(start(file, 1))
    assert (_pinned(shelf), claims(shelf)) == (3 * EXAMPLES, alone)


def test_a_look_that_was_broken_off_is_taken_by_who_takes_over(
    tmp_path: Path, picky: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has compared is compared by the next one, once."""
    monkeypatch.setenv("CROWD_KEY", "a-key")
    file = write_study(tmp_path, picky.url, File(tmp_path / "crowd.db"))
    picky.behave(faults.status(401, "no such key"))
    with Study(read_study(file)) as study, pytest.raises(ModelError):
        study.run()
    picky.behave(faults.HONEST)
    for expected in (2 * EXAMPLES, 2 * EXAMPLES):
        with Study(read_study(file)) as study:
            asyncio.run(_look(study))
            assert study.parts.ledger.by_phase()["canary"].calls == expected


async def _look(study: Study) -> None:
    """Look as who takes over does."""
    await Canary(study.parts, force=False).look(again=False)
    await study.close_providers()


def test_nobody_buys_when_the_time_is_up(shelf: Shelf, tmp_path: Path, model: Model, bought: Callable[[], int]) -> None:
    """The conductor hangs, and its lease is longer than the limit: what it has ordered is on the table, and who buys
    leaves it there. Awake again, it asks for nothing more.
    """
    model.delay_s = 2.0
    file = write_study(tmp_path, model.url, shelf, budget="{calls: 20000, wall_clock: 14}")
    workers = start(file, 2, lease_s=60.0)
    until(lambda: len(shelf.say("SELECT id FROM jointopt_workers")) == 2 and _open_orders(shelf) > 30, workers)
    frozen, other = workers if conductor(shelf) == workers[0].pid else workers[::-1]
    frozen.tell(signal.SIGSTOP)
    time.sleep(16)
    so_far, left = bought(), _open_orders(shelf)
    time.sleep(3)
    assert _open_orders(shelf) == left > 0
    frozen.tell(signal.SIGCONT)
    model.delay_s = AT_LEISURE_S
    assert frozen.end() == 0 or "the wall clock's limit is reached" in frozen.said
    other.end()
    assert (bought(), calls(shelf)["reserved"]) == (so_far, 0)


def _open_orders(store: Shelf) -> int:
    return int(store.say("SELECT count(*) FROM jointopt_orders WHERE state = 'open'")[0][0])


def test_two_runs_in_one_process_are_two_workers(
    shelf: Shelf,
    tmp_path: Path,
    model: Model,
    alone: Claims,
    bought: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One conducts, the other buys, as if they were two processes."""
    monkeypatch.setenv("CROWD_KEY", "key-of-both")
    plan, seen = read_study(write_study(tmp_path, model.url, shelf)), list[int]()
    model.delay_s = 0.1

    def run() -> None:
        with Study(plan, on_progress=lambda progress: seen.append(progress.workers)) as study:
            study.work(lease_s=2.0, again=True)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: 2 in seen)
    model.delay_s = AT_LEISURE_S
    for thread in threads:
        thread.join()
    see_settled(shelf, bought())
    assert claims(shelf) == alone


def test_what_fails_in_showing_ends_no_study(small_study: WriteStudy, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is told of the progress raises, and the dashboard's store refuses: told once each, and all is bought."""

    def tell(progress: Progress) -> None:
        raise ValueError("no pen")

    file = small_study(300)
    with Study(read_study(file), on_progress=tell) as study:
        store, columns = (
            File(file.with_name("jointopt.db")),
            "study_system_attribute_id, 0 study_id, '' key, '' value_json",
        )
        store.plant("DROP TABLE study_system_attributes")
        store.plant(f"CREATE VIEW study_system_attributes AS SELECT 0 {columns} WHERE 0")  # nobody can write to it
        findings = study.run()
        assert study.finished and study.parts.ledger.audit() == []
    told = [record.getMessage() for record in caplog.records if record.name == "jointopt"]
    assert findings.spend.calls > 0 and len(told) == 2
    assert "on_progress failed" in told[0] and "no pen" in told[0]
    assert "what the dashboard shows failed" in told[1] and "study_system_attributes" in told[1]


def test_who_died_before_saying_that_it_had_finished_leaves_it_to_be_said(small_study: WriteStudy) -> None:
    """Every phase has ended, and the study still stands as running: run again it is finished, and buys nothing."""
    plan = read_study(small_study(200))
    with Study(plan) as study:
        before = study.run().spend
        with study.parts.database.write() as connection:
            connection.execute(update(studies).values(state="running", owner="elsewhere:1:1"))
    with Study(plan) as again:
        assert again.finished and not again.over
        assert again.run().spend == before
        assert again.over
