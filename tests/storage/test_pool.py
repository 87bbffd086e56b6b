"""A paid sample is kept as it came, once, together with its price."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from jointopt.domain import Message, Model, Request, Sample, Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, SamplePool, Settlement, Studies, open_database
from jointopt.storage.texts import storable
from tests.storage.conftest import on_sqlite

Ask = Callable[[str], Request]
Answers = Callable[[int], list[Sample]]


def test_what_is_kept_is_found_again_by_replicate(pool: SamplePool, ask: Ask) -> None:
    """Every field survives, in the order of replicates."""
    full = Sample(1, "42", "six times seven", "length", -0.25, 12, 34, 1.5e-7, 0.75, None, 8, 21)
    failed = Sample(0, "", finish="error", error="timed out")
    pool.keep([(ask("6 x 7?"), [full, failed])])
    assert pool.load([ask("6 x 7?").key, ask("unknown").key]) == {ask("6 x 7?").key: [failed, full]}


def test_the_first_sample_of_a_replicate_stays(pool: SamplePool, ask: Ask) -> None:
    """Keeping twice changes nothing, whoever keeps."""
    request = ask("which?")
    pool.keep([(request, [Sample(0, "first")])])
    pool.keep([(request, [Sample(0, "second"), Sample(1, "new")])])
    assert [sample.text for sample in pool.load([request.key])[request.key]] == ["first", "new"]
    assert pool.count() == 2


def test_thousands_of_requests_are_loaded(pool: SamplePool, ask: Ask, answers: Answers) -> None:
    """More keys than one query may name."""
    batch = [(ask(f"question {number}"), answers(2)) for number in range(1200)]
    pool.keep(batch)
    loaded = pool.load(request.key for request, _ in batch)
    assert loaded == {request.key: samples for request, samples in batch}
    assert pool.load([]) == {}


def test_studies_share_their_samples(
    database: Database, studies: Studies, pool: SamplePool, ask: Ask, answers: Answers
) -> None:
    """What one has paid for, the next has for nothing; failures are told apart by who paid."""
    pool.keep([(ask("shared"), [*answers(2), Sample(2, "", finish="error", error="refused")])])
    other = SamplePool(database, studies.begin("second", "", "", now=1.0).id)
    assert other.load([ask("shared").key]) == pool.load([ask("shared").key])
    assert pool.failed_counts() == {"refused": 1}
    assert other.failed_counts() == {}


def test_failures_are_counted_by_reason(pool: SamplePool, ask: Ask) -> None:
    """The most frequent first."""
    reasons = ["busy", "refused", "refused"]
    pool.keep([(ask("?"), [Sample(number, "", finish="error", error=why) for number, why in enumerate(reasons)])])
    assert list(pool.failed_counts().items()) == [("refused", 2), ("busy", 1)]


def test_the_prompt_can_be_shown_later(pool: SamplePool, ask: Ask) -> None:
    """The body is stored once, as it was sent."""
    request = ask('Wie viel?\n{"a": 1} 😀')
    pool.keep([(request, [Sample(0, "a")]), (request, [Sample(1, "b")])])
    assert pool.bodies([request.key, "unknown"]) == {request.key: request.body}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters()), reasoning=st.text(st.characters()), question=st.text(max_size=2))
def test_any_text_survives(pool: SamplePool, text: str, reasoning: str, question: str) -> None:
    """But for what no database can hold."""
    request = Request(Model("m", "e/m"), (Message("user", question),), 0.0)
    replicate = pool.count()
    pool.keep([(request, [Sample(replicate, text, reasoning, error=text)])])
    kept = Sample(replicate, storable(text), storable(reasoning), error=storable(text))
    assert pool.load([request.key])[request.key][-1] == kept
    assert request.key in pool.bodies([request.key])


def test_numpys_numbers_are_numbers(pool: SamplePool, ask: Ask) -> None:
    """A provider's arrays do not reach the database as bytes."""
    numbers: dict[str, Any] = {"logprob": np.float32(-0.5), "output_tokens": np.int64(7)}
    odd = Sample(0, "x", **numbers)
    pool.keep([(ask("odd"), [odd])])
    assert pool.load([ask("odd").key])[ask("odd").key] == [Sample(0, "x", logprob=-0.5, output_tokens=7)]


def test_samples_and_their_price_are_kept_together(
    pool: SamplePool, ledger: Ledger, ask: Ask, answers: Answers
) -> None:
    """One transaction; doing it twice changes nothing."""
    reservations = ledger.reserve_many([Spend(2, 80, 0.2), Spend(3, 90, 0.3)], "search")
    spends = [Spend(2, 20, 0.01), Spend(3, 30, 0.02)]
    requests = [ask("one"), ask("two")]
    batch = [Settlement(r, answers(s.calls), id, s) for r, s, id in zip(requests, spends, reservations, strict=True)]
    pool.keep_and_settle(batch)
    pool.keep_and_settle(batch)
    assert (ledger.spent(), ledger.reserved(), pool.count()) == (Spend(5, 50, 0.03), Spend(), 5)
    assert ledger.audit() == []


def test_neither_is_kept_where_one_is_refused(pool: SamplePool, ledger: Ledger, ask: Ask, answers: Answers) -> None:
    """A sample whose reservation does not exist is a mistake, and leaves nothing behind."""
    reservation = ledger.reserve(Spend(1), "search")
    known = Settlement(ask("known"), answers(1), reservation, Spend(1))
    unknown = Settlement(ask("unknown"), answers(1), reservation + 99, Spend(1))
    with pytest.raises(LookupError, match="no such reservation"):
        pool.keep_and_settle([known, unknown])
    assert (pool.count(), ledger.spent(), ledger.reserved()) == (0, Spend(), Spend(1))


@on_sqlite
def test_a_full_disk_is_a_clear_refusal(
    database: Database, pool: SamplePool, ledger: Ledger, ask: Ask, answers: Answers
) -> None:
    """What was kept before stays, and nothing of the batch that did not fit."""
    pool.keep([(ask("before"), answers(2))])
    reservation = ledger.reserve(Spend(1), "search")
    database.close()
    event.listen(database.engine, "connect", _almost_full)
    large = Settlement(ask("large"), [Sample(0, "x" * 1_000_000)], reservation, Spend(1))
    with pytest.raises(StorageError, match="full") as caught:
        pool.keep_and_settle([large])
    assert database.url in caught.value.where
    assert (pool.count(), ledger.spent(), ledger.reserved()) == (2, Spend(), Spend(1))


def _almost_full(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA max_page_count=60")


def test_what_another_pool_holds_is_copied_once_and_keeps_its_payer(
    database: Database, pool: SamplePool, study_id: int, ask: Ask, answers: Answers, tmp_path: Path
) -> None:
    """What lies here already stays, what is lacking comes; what others paid for is told apart, failed ones left out."""
    elsewhere = open_database(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    row = Studies(elsewhere).begin("old", "{}", "digest")
    theirs, payer = SamplePool(elsewhere, row.id), Studies(database).name_lender(row, elsewhere.url)
    shared, known, failed = ask("shared"), ask("known"), ask("failed")
    theirs.keep([(shared, answers(3)), (known, answers(2)), (ask("never wanted"), answers(1))])
    theirs.keep([(failed, [Sample(0, "", finish="error", error="timeout")])])
    pool.keep([(known, answers(2)), (shared, answers(1))])
    keys = [shared.key, known.key, failed.key]
    fetching = SamplePool(database, study_id, partial(SamplePool(database, payer.id).copy, theirs))
    assert {key: len(samples) for key, samples in fetching.load(keys).items()} == dict(
        zip(keys, (3, 2, 1), strict=True)
    )
    assert fetching.load(keys) == pool.load(keys)
    assert pool.count() == 6
    assert pool.bodies([shared.key])[shared.key] == shared.body
    assert pool.lent(keys).samples == 2
    assert sorted(set(theirs.asked())) == ["failed", "known", "never wanted", "shared"]
    assert Studies(database).names() == ["first"]
    elsewhere.close()
