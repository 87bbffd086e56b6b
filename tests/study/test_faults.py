"""What befalls workers of a study: killed, frozen, cut off, with a wrong clock or a full disk, they lose nothing.

A request that was answered while who had asked it was dead is paid for, and nobody has read the answer: it is asked
again, and the ledger counts the first one at its worst price. That is all that may be bought twice.
"""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.server import Server as Model
from tests.postgres import running_server
from tests.study.crowd import (
    Claims,
    Shelf,
    calls,
    claims,
    conductor,
    finish,
    kept,
    left_over,
    silent,
    start,
    until,
    write_study,
)
from tests.study.killing import kill_one

DELAY_S = 0.05


@pytest.mark.parametrize("seed", range(6))
def test_one_of_three_is_killed(shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, seed: int) -> None:
    """At a random moment, whoever it is: the others finish the study with the claims of an undisturbed one. What is in
    the pool was settled to the completion; what the model billed beyond that is covered by what is given up for lost,
    and that is no more than the dead worker had in hand. No instant saw the budget exceeded.
    """
    model.delay_s = DELAY_S
    death = kill_one(shelf, write_study(tmp_path, model.url, shelf), model, 3, seed)
    assert death.claims == alone
    assert (death.ledger["settled"], death.ledger["reserved"]) == (death.kept, 0)
    assert 0 <= death.twice <= death.ledger["lost"] <= death.in_hand
    assert (death.most <= 20_000, death.left) == (True, [])


def test_the_database_is_restarted_and_killed(tmp_path: Path, model: Model, alone: Claims) -> None:
    """In the middle of a study of three workers, first politely, then not: all wait for it, nobody loses a sample, and
    none is bought twice, for nobody has died.
    """
    with running_server() as postgres, postgres.database() as url:
        shelf, before = Shelf(postgres, url), model.bill.completions
        model.delay_s = 4 * DELAY_S
        workers = start(write_study(tmp_path, model.url, shelf), 3)
        until(lambda: kept(shelf) > 40, workers)
        postgres.stop()
        postgres.start()
        until(lambda: kept(shelf) > 120, workers)
        postgres.kill()
        postgres.start()
        finish(workers)
        bill = model.bill.completions - before
        assert (calls(shelf), kept(shelf)) == ({"settled": bill, "reserved": 0, "lost": 0}, bill)
        assert (claims(shelf), left_over(shelf)) == (alone, [])


@pytest.mark.parametrize("who", ["conducts", "buys"])
def test_one_is_frozen_past_its_lease_and_wakes(
    shelf: Shelf, tmp_path: Path, model: Model, alone: Claims, bought: Callable[[], int], who: str
) -> None:
    """Another takes its place, or its orders; awake again, it works on as a buyer. What it had asked comes late and is
    settled, what it had not asked is given back: the ledger is the bill, and nothing is written twice.
    """
    model.delay_s = 6 * DELAY_S
    workers = start(write_study(tmp_path, model.url, shelf), 3)
    until(lambda: len(shelf.say("SELECT id FROM jointopt_workers")) == 3 and kept(shelf) > 40, workers)
    lead = conductor(shelf)
    frozen = next(one for one in workers if (one.pid == lead) is (who == "conducts"))
    frozen.tell(signal.SIGSTOP)
    until(lambda: silent(shelf, frozen.pid), workers)
    until(lambda: conductor(shelf) not in (None, frozen.pid), workers)
    so_far = bought()
    until(lambda: bought() > so_far, workers)
    frozen.tell(signal.SIGCONT)
    until(lambda: not silent(shelf, frozen.pid), workers)
    model.delay_s = 0.0
    finish(workers)
    assert calls(shelf) == {"settled": bought(), "reserved": 0, "lost": 0}
    assert (claims(shelf), left_over(shelf)) == (alone, [])


def test_a_study_that_is_killed_over_and_over_counts_its_time(
    shelf: Shelf, tmp_path: Path, model: Model, bought: Callable[[], int]
) -> None:
    """Each run adds to the wall clock what it took, up to its last beat and one more, so that the limit holds over all
    of them: when together they have reached it, the next one asks for nothing, and makes do with what there is.
    """
    model.delay_s = 2 * DELAY_S
    changes = {"sampler": "random", "budget": "{calls: 20000, wall_clock: 4}"}
    file, elapsed = write_study(tmp_path, model.url, shelf, **changes), [0.0]
    while elapsed[-1] < 4:
        [worker] = start(file, 1)
        until(lambda: worker.process.exitcode is not None or _elapsed_s(shelf) > elapsed[-1] + 1)  # noqa: B023 - at once
        worker.process.kill()
        worker.process.join()
        assert _elapsed_s(shelf) > elapsed[-1]
        elapsed.append(_elapsed_s(shelf))
    so_far = bought()
    [last] = start(file, 1)
    assert last.end() == 0 or "the wall clock's limit is reached" in last.said
    assert (bought(), calls(shelf)["reserved"]) == (so_far, 0)
    assert len(elapsed) > 2 and elapsed[-1] <= _elapsed_s(shelf)
    assert 0 < kept(shelf) <= so_far


def _elapsed_s(shelf: Shelf) -> float:
    """The wall clock of all runs."""
    return float((shelf.say("SELECT elapsed_s FROM jointopt_studies") or [(0.0,)])[0][0])
