"""Several processes on one file, and processes that are killed: nothing overspent, nothing lost."""

import multiprocessing
import subprocess
import sys

from sqlalchemy import select

from jointopt.domain import Budget, Message, Model, Request, Spend
from jointopt.errors import BudgetExhausted
from jointopt.storage import Crew, Ledger, SamplePool, Studies, open_database
from jointopt.storage.tables import studies

BUDGET = Budget(calls=60)


def take_all(url: str) -> list[int]:
    """Open the database, reserve two calls at a time until refused, settle every other one; the reservations made."""
    database = open_database(url)
    ledger = Ledger(database, Studies(database).begin("shared", "", "", now=0.0).id, BUDGET)
    granted: list[int] = []
    try:
        while True:
            granted.append(ledger.reserve(Spend(2), "search"))
            if len(granted) % 2:
                ledger.settle(granted[-1], Spend(2))
    except BudgetExhausted:
        return granted
    finally:
        database.close()


def test_four_processes_never_exceed_one_budget(url: str) -> None:
    """They even make the database together; as many reservations are granted as fit, each once."""
    with multiprocessing.get_context("spawn").Pool(4) as workers:
        granted = [one for each in workers.map(take_all, [url] * 4, chunksize=1) for one in each]
    assert len(set(granted)) == len(granted) == 30
    database = open_database(url, create=False)
    ledger = Ledger(database, Studies(database).find("shared").id, BUDGET)
    assert ledger.spent() + ledger.reserved() == Spend(60)
    assert ledger.audit() == []
    database.close()


WRITER = """
import sys
from itertools import count
from jointopt.domain import Budget, Message, Model, Request, Sample, Spend
from jointopt.storage import Crew, Ledger, SamplePool, Settlement, Studies, open_database

database = open_database(sys.argv[1])
study_id = Studies(database).begin("killed", "", "", now=0.0).id
Crew(database, study_id).conduct()
ledger, pool = Ledger(database, study_id, Budget(calls=10**9)), SamplePool(database, study_id)
request = Request(Model("m", "e/m"), (Message("user", "what?"),), 1.0)
for replicate in count():
    reservation = ledger.reserve(Spend(1, 50), "search")
    pool.keep_and_settle([Settlement(request, [Sample(replicate, str(replicate))], reservation, Spend(1, 10))])
    print(replicate, flush=True)
"""


def test_a_killed_process_loses_no_paid_sample(url: str) -> None:
    """Every sample it said it had kept is there, the ledger agrees, and what was on its way is written off."""
    with subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(40)]
        writer.kill()
        said += [int(line) for line in writer.stdout.read().splitlines()]
    database = open_database(url, create=False)
    study_id = Studies(database).find("killed").id
    ledger = Ledger(database, study_id, Budget(calls=10**9))
    key = Request(Model("m", "e/m"), (Message("user", "what?"),), 1.0).key
    kept = SamplePool(database, study_id).load([key])[key]
    assert [sample.replicate for sample in kept][: len(said)] == said
    assert [sample.text for sample in kept] == [str(number) for number in range(len(kept))]
    assert ledger.spent() == Spend(len(kept), 10 * len(kept))
    assert_taken_over(ledger, writer.pid)
    database.close()


def assert_taken_over(ledger: Ledger, dead_pid: int) -> None:
    """The dead run's study and reservations go to whoever comes next."""
    with ledger.database.read() as connection:
        dead, open_ = str(connection.scalar(select(studies.c.owner))), ledger.reserved()
    assert Crew(ledger.database, ledger.study_id).conduct()
    assert f":{dead_pid}:" in dead
    assert ledger.write_off(dead) == open_ == ledger.lost()
    assert ledger.reserved() == Spend()
    assert ledger.audit() == []
