"""Rows out of one database and into another: all of a study's, nobody else's, and never many at once in memory."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jointopt.domain import Budget, Message, Model, Request, Sample, Spend
from jointopt.storage import Database, Ledger, SamplePool, Studies, open_database
from jointopt.storage.carry import CARRIED, bring_in, rows_of

SAMPLES = int(os.environ.get("CARRIED_SAMPLES", "20000"))
BYTES = 400  # of each completion
MOST = 6_000_000  # bytes of memory, whatever the number of samples


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty one."""
    opened = open_database(f"sqlite:///{tmp_path / 'one.db'}")
    yield opened
    opened.close()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Database]:
    """Another empty one."""
    opened = open_database(f"sqlite:///{tmp_path / 'two.db'}")
    yield opened
    opened.close()


def _request(question: str) -> Request:
    return Request(Model("m", "embedded/nano"), (Message("user", question),), 1.0)


def _carry(one: Database, study_id: int, other: Database, keys: list[str]) -> int:
    mine = Studies(other).begin("mine", "{}", "digest").id
    with one.read() as connection:
        for name in CARRIED:
            bring_in(other, mine, name, rows_of(connection, study_id, name, keys))
    return mine


def test_what_a_study_used_comes_over_and_nothing_else(database: Database, another: Database) -> None:
    """Its own samples and those of others that it names, with who paid for them; the others' further ones stay."""
    studies = Studies(database)
    mine, theirs = studies.begin("mine", "{}", "digest").id, studies.begin("theirs", "{}", "digest").id
    own, lent, foreign = _request("own"), _request("lent"), _request("foreign")
    SamplePool(database, mine).keep([(own, [Sample(0, "a", logprob=-0.5), Sample(1, "", error="timed out")])])
    SamplePool(database, theirs).keep([(lent, [Sample(0, "b")]), (foreign, [Sample(0, "c")])])
    ledger = Ledger(database, mine, Budget(calls=10))
    ledger.reserve(Spend(2, 10, 0.1), "search")
    Ledger(database, theirs, Budget(calls=10)).reserve(Spend(3, 30, 0.3), "search")
    studies.record(mine, "search", {"why": "done"})
    studies.record(mine, "file", "host:/home/me/study.yaml")
    there = _carry(database, mine, another, [own.key, lent.key])
    pool, before = SamplePool(another, there), SamplePool(database, mine)
    assert pool.load([own.key, lent.key]) == before.load([own.key, lent.key])
    assert not pool.load([foreign.key])
    assert pool.lent([own.key, lent.key]) == before.lent([own.key, lent.key])
    again = Ledger(another, there, Budget(calls=10))
    assert again.reserved() == ledger.reserved() == Spend(2, 10, 0.1) and again.audit() == []
    assert Studies(another).recall(there, "search") == {"why": "done"}
    assert Studies(another).recall(there, "file") is None
    assert Studies(another).names() == ["mine"]


def test_memory_does_not_grow_with_the_samples(database: Database, another: Database) -> None:
    """Out and in, together they hold a batch at a time."""
    mine = Studies(database).begin("mine", "{}", "digest").id
    key = _request("many").key
    bring_in(database, mine, "requests", [{"request_key": key, "body": "{}"}])
    sample: dict[str, Any] = {"request_key": key, "own": True, "reasoning": "", "finish": "stop", "logprob": None}
    sample |= {"input_tokens": 1, "output_tokens": 9, "cost_usd": 0.1, "latency_s": 0.2, "error": None}
    sample |= {"cached_tokens": 0, "reasoning_tokens": 0}
    rows = (sample | {"replicate": place, "text": f"{place:0{BYTES}d}"} for place in range(SAMPLES))
    assert bring_in(database, mine, "samples", rows) == SAMPLES
    tracemalloc.start()
    _carry(database, mine, another, [key])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert SamplePool(another, 1).count() == SAMPLES
    assert peak < MOST < SAMPLES * BYTES
