"""What befalls the machines of a study, in whole processes: a disk that is full, a link that is cut, a
clock that is wrong.
"""

import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest

from jointopt.config import read_study
from jointopt.storage import LEASE_S
from jointopt.study import Study
from tests.hostile.server import Server as Model
from tests.hostile.server import serving
from tests.postgres import Server, running_server
from tests.study.crowd import (
    Claims,
    File,
    Shelf,
    calls,
    claims,
    conductor,
    kept,
    left_over,
    silent,
    until,
    write_study,
)
from tests.study.hosts import HERE, Command, Host, fill, small_disk
from tests.study.killing import in_hand

DELAY_S, SLOW_S = 0.05, 1.0
PER_MINUTE = 600  # of 88 requests that a study takes


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


class Site(NamedTuple):
    """Two hosts, and what they reach over their links.

    Attributes:
        hosts: a worker is on each.
        postgres: the database's server.
        model: that both ask.
        alone: what one worker finds that nobody disturbs.
    """

    hosts: tuple[Host, Host]
    postgres: Server
    model: Model
    alone: Claims


@pytest.fixture(scope="module")
def site(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All is well there; `postgres` is asked for because its machine can have another one then."""
    del postgres
    folder = tmp_path_factory.mktemp("alone")
    with ExitStack() as stack:
        hosts = stack.enter_context(Host(2)), stack.enter_context(Host(3))
        server = stack.enter_context(running_server(HERE))
        model = stack.enter_context(serving(host=HERE, settled=True, keep=False))
        store = Shelf(server, stack.enter_context(server.database()))
        file = write_study(folder, model.url, store)
        run = stack.enter_context(Command(folder, "alone", ["jointopt", "run", file.name], before=hosts[0].before))
        assert run.end() == 0, run.said
        yield Site(hosts, server, model, claims(store))


def _begin(file: Path) -> None:
    """Write a study down that nobody works at yet."""
    with Study(read_study(file)):
        pass


def _join(url: str, lease_s: float) -> list[str]:
    """The words with which a worker joins it."""
    return ["jointopt", "worker", "--study", "crowd", "--storage", url, "--lease", str(lease_s)]


@pytest.mark.parametrize("who", ["conducts", "buys"])
def test_the_link_of_a_host_is_cut_for_longer_than_a_lease(site: Site, tmp_path: Path, who: str) -> None:
    """The worker on the other host goes on, and conducts if it must; when the link is mended, the one behind it works
    on. The samples are those of an undisturbed study. What was bought twice was in its hands when the link was cut, and
    is in the ledger: settled, where the first answer came after all, else given up for lost.
    """
    model, before = site.model, site.model.bill.completions
    model.delay_s = SLOW_S
    with site.postgres.database() as url, ExitStack() as stack:
        store = Shelf(site.postgres, url)
        _begin(write_study(tmp_path, model.url, store))
        workers = [
            stack.enter_context(Command(tmp_path, f"{who}-on-{host.name}", _join(url, 3), before=host.before))
            for host in site.hosts
        ]
        until(lambda: all(one.key in model.visits.keys for one in workers), workers)
        cut = next(one for one in workers if (one.pid == conductor(store)) is (who == "conducts"))
        host = site.hosts[workers.index(cut)]
        host.cut()
        held = in_hand(store, cut.pid)
        until(lambda: silent(store, cut.pid), workers)
        until(lambda: conductor(store) not in (None, cut.pid), workers)
        so_far = model.bill.completions
        until(lambda: model.bill.completions > so_far, workers)
        host.plug()
        until(lambda: not silent(store, cut.pid), workers)
        model.delay_s = 0.0
        assert [(one.end(), one.said) for one in workers if one.end()] == []
        bill, ledger = model.bill.completions - before, calls(store)
        assert kept(store) <= ledger["settled"] <= bill <= ledger["settled"] + ledger["lost"]
        assert (bill - kept(store) <= held, ledger["reserved"], store.most()[0] <= 20_000) == (True, 0, True)
        assert (claims(store), left_over(store)) == (site.alone, [])


def test_clocks_are_wrong_and_who_conducts_is_killed(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three workers one has a clock that is five minutes fast, and one a slow one. All keep the limit per minute
    together, whoever lives; the death costs no more than what the dead one had in hand, and no lease is taken for over.
    """
    monkeypatch.setattr(model, "keep", True)
    model.delay_s, before, already = SLOW_S, model.bill.completions, len(model.asked)
    _begin(write_study(tmp_path, model.url, shelf, more=f", requests_per_minute: {PER_MINUTE}"))
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Command(tmp_path, key, ["tests.study.clocks", ahead_s, *_join(shelf.url, LEASE_S)]))
            for key, ahead_s in {"fast": "300", "slow": "-300", "right": "0"}.items()
        ]
        until(lambda: conductor(shelf), workers)
        first = conductor(shelf)
        until(lambda: all(one.key in model.visits.keys for one in workers), workers)
        model.delay_s, so_far = 0.0, len(model.asked)
        until(lambda: len(model.asked) > so_far + 24, workers)
        dying = next(one for one in workers if one.pid == first == conductor(shelf))
        dying.process.kill()
        dying.process.wait()
        held = in_hand(shelf, dying.pid)
        assert [(one.end(), one.said) for one in workers if one is not dying and one.end()] == []
    ledger, twice = calls(shelf), model.bill.completions - before - kept(shelf)
    assert (ledger["settled"], ledger["reserved"], shelf.most()[0] <= 20_000) == (kept(shelf), 0, True)
    assert 0 <= twice <= ledger["lost"] <= held
    assert (claims(shelf), [line for line in left_over(shelf) if f":{dying.pid}:" not in str(line)]) == (alone, [])
    assert _crowding_s([one.at_s for one in model.asked[already:]]) < 0.8


def _crowding_s(asked_s: Sequence[float]) -> float:
    """How many seconds too soon the last one of any stretch of requests came, by the first one of it. A little is no
    breach: the first one may have been late.
    """
    spare_s = [at_s - number * 60 / PER_MINUTE for number, at_s in enumerate(asked_s)]
    return max(before - after for before, after in combinations(spare_s, 2))
