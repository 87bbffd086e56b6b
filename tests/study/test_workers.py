"""Several workers share a study: they find what one alone finds, and buy each sample once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from jointopt.study import stop_study
from tests.hostile.server import Server as Model
from tests.postgres import Server
from tests.study.crowd import (
    AT_LEISURE_S,
    LEASE_S,
    Claims,
    File,
    Shelf,
    Worker,
    calls,
    claims,
    conductor,
    finish,
    see_settled,
    start,
    until,
    write_study,
)

SLOW_S = 0.5
BUDGETS = {"calls": 500, "tokens": 30_000, "usd": 0.03}


def _share(file: Path, model: Model, count: int) -> None:
    """Have so many workers run a study to its end; two of them at least have asked for samples."""
    keys = Counter(model.visits.keys)
    model.delay_s = AT_LEISURE_S if count == 1 else SLOW_S
    workers = start(file, count)
    until(lambda: len(model.visits.keys - keys) >= min(count, 2), workers)
    model.delay_s = AT_LEISURE_S
    finish(workers)


@pytest.mark.parametrize(
    ("counts", "changes"),
    [
        ((3, 8), {}),
        ((3,), {"sampler": "random\ntrials: 8"}),
        ((3,), {"sampler": "grid\ntrials: 6", "strategies": "[single, majority, {refine: {}}]"}),
        *(((4,), {"budget": f"{{{unit}: {limit}}}"}) for unit, limit in BUDGETS.items()),
    ],
    ids=["joint", "random", "grid of follow-ups", *BUDGETS],
)
def test_any_number_of_workers_finds_the_same(
    postgres: Server, tmp_path: Path, model: Model, counts: tuple[int, ...], changes: dict[str, str]
) -> None:
    """Request by request and trial by trial, whoever asked; several have asked, and each sample was paid once. At no
    instant was more spent and reserved than the budget allows, also where it ends the search.
    """
    alone = None
    for count in (1, *counts):
        with postgres.database() as url:
            store, before = Shelf(postgres, url), model.bill.completions
            _share(write_study(tmp_path / str(count), model.url, store, **changes), model, count)
            see_settled(store, model.bill.completions - before)
            most = dict(zip(BUDGETS, store.most(), strict=True))
            assert all(most[unit] <= limit for unit, limit in BUDGETS.items() if unit in changes.get("budget", ""))
            alone = alone or claims(store)
            assert claims(store) == alone
            assert (len(alone.samples) > 200, len(alone.trials) > 0, alone.winner != []) == (True, True, True)


def test_three_processes_share_an_sqlite_file(tmp_path: Path, model: Model) -> None:
    """On one machine a file will do."""
    found = []
    for count in (1, 3):
        store, before = File(tmp_path / f"{count}.db"), model.bill.completions
        _share(write_study(tmp_path / str(count), model.url, store), model, count)
        see_settled(store, model.bill.completions - before)
        found.append(claims(store))
    assert found[0] == found[1]


def test_another_host_is_refused_an_sqlite_file(tmp_path: Path, model: Model) -> None:
    """As long as a worker of one host lives; the message says what to do."""
    store = File(tmp_path / "study.db")
    file = write_study(tmp_path / "here", model.url, store)
    finish(start(file, 1))
    store.plant(
        "INSERT INTO jointopt_workers (study_id, name, version, expires_at) "
        f"VALUES (1, 'elsewhere:7:7', '{version('jointopt')}', {time.time() + 3600})"
    )
    store.plant("DELETE FROM jointopt_findings")
    [refused] = start(file, 1)
    assert refused.end() == 2
    assert "worker elsewhere:7:7: works on the study from another host" in refused.said
    assert "mend: SQLite serves one machine: name a PostgreSQL server" in refused.said


def _begin(file: Path, model: Model, delay_s: float, count: int) -> list[Worker]:
    """Workers who are in the middle of a study that does not end by itself for a while."""
    model.delay_s = delay_s
    workers, already = start(file, count), model.bill.completions
    until(lambda: model.bill.completions > already + 60, workers)
    return workers


def test_all_workers_leave_a_study_that_is_stopped(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int]
) -> None:
    """In the middle of it, keeping whatever was on its way; run again, it ends as if it had never been stopped."""
    file = write_study(tmp_path, model.url, shelf)
    workers = _begin(file, model, SLOW_S, 3)
    stop_study(shelf.url, "crowd")
    ends = [(worker.end(), "the study was stopped" in worker.said) for worker in workers]
    before = claims(shelf)
    assert ends == [(2, True)] * 3
    assert shelf.say("SELECT state, owner FROM jointopt_studies") == [("stopped", None)]
    assert shelf.say("SELECT name FROM jointopt_workers") + shelf.say("SELECT id FROM jointopt_orders") == []
    assert calls(shelf) == {"settled": bought(), "reserved": 0, "lost": 0}
    model.delay_s = 0.0
    finish(start(file, 2))
    assert before.samples.items() <= claims(shelf).samples.items()
    see_settled(shelf, bought())
    assert claims(shelf) == alone


@pytest.mark.parametrize("who", ["conducts", "buys"])
def test_the_others_go_on_when_one_is_interrupted(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int], who: str
) -> None:
    """Ctrl-C at one worker: it waits for what it has asked, leaves, and the others finish the study without it."""
    workers = _begin(write_study(tmp_path, model.url, shelf), model, SLOW_S, 3)
    leaving = next(one for one in workers if (one.pid == conductor(shelf)) is (who == "conducts"))
    leaving.tell(signal.SIGINT)
    assert leaving.end() == 130
    model.delay_s = 0.0
    finish([one for one in workers if one is not leaving])
    see_settled(shelf, bought())
    assert claims(shelf) == alone


def test_a_worker_of_the_command_line_leaves_when_it_is_terminated(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int]
) -> None:
    """SIGTERM, as a container is stopped, is Ctrl-C: nothing is lost, and the others go on."""
    workers = _begin(write_study(tmp_path, model.url, shelf), model, SLOW_S, 1)
    model.delay_s = 10 * SLOW_S  # until the other one has started, also on a machine that has much to do
    command = [sys.executable, "-m", "jointopt", "worker", "--study", "crowd", "--lease", str(LEASE_S)]
    known = {**os.environ, "JOINTOPT_STORAGE": shelf.url, "CROWD_KEY": "key-of-the-command"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=known) as leaving:
        until(lambda: model.visits.keys["key-of-the-command"] > 4, workers)
        leaving.terminate()
        model.delay_s = 0.0
        said = leaving.communicate(timeout=60)[0]
    assert (leaving.returncode, "Traceback" in said) == (130, False)
    finish(workers)
    see_settled(shelf, bought())
    assert claims(shelf) == alone
