"""Nothing is lost, and nothing done twice, when the server is stopped or killed in mid-transaction."""

from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import Connection, text

from jointopt.domain import Budget, Request, Sample, Spend
from jointopt.errors import StorageError, StudyLost
from jointopt.storage import Crew, Database, Ledger, SamplePool, Settlement, SharedPace, Studies, open_database
from tests.outages import after_commit, before_commit, every_end, kill
from tests.postgres import Server

Ask = Callable[[str], Request]
on_postgres = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def server(postgres: Server) -> Iterator[Server]:
    """The server, for a test that stops or kills it."""
    yield postgres
    postgres.start()


@on_postgres
@every_end
def test_a_transaction_that_is_broken_off_is_done_again(
    database: Database, ledger: Ledger, server: Server, end: Callable[[Server], None]
) -> None:
    """The server goes away before the commit, and comes back: the money is reserved once, and the accounts agree."""
    before_commit(database.engine, lambda: end(server))
    reserved = ledger.reserve_many([Spend(3), Spend(4)], "search")
    assert len(reserved) == 2
    assert ledger.reserved() == Spend(7)
    assert ledger.audit() == []


@on_postgres
def test_a_reader_that_is_broken_off_reads_again(database: Database, studies: Studies, server: Server) -> None:
    """Work that reads is repeated as work that writes is."""
    studies.begin("second", "", "", now=0.0)
    tries: list[int] = []

    def work(connection: Connection) -> int:
        tries.append(1)
        if len(tries) == 1:
            kill(server)
        return int(connection.execute(text("SELECT count(*) FROM jointopt_studies")).scalar_one())

    assert database.query(work) == 1
    assert len(tries) == 2


@on_postgres
def test_a_reservation_whose_acknowledgement_is_lost_is_made_once(
    database: Database, ledger: Ledger, server: Server
) -> None:
    """The call that is repeated finds its own rows, in their order, even where a second one would not have fitted."""
    ledger.reserve(Spend(90), "search")
    after_commit(database.engine, server)
    reserved = ledger.reserve_many([Spend(6), Spend(4)], "search")
    assert reserved == sorted(set(reserved))
    assert ledger.reserved() == Spend(100)
    assert ledger.audit() == []
    ledger.settle(reserved[1], Spend(4))
    assert ledger.spent() == Spend(4)


@on_postgres
def test_what_is_settled_released_or_written_off_twice_counts_once(
    database: Database, ledger: Ledger, pool: SamplePool, server: Server, ask: Ask
) -> None:
    """Each of them is repeated after its commit, and what is returned is what the first time would have."""
    one, two, three = ledger.reserve_many([Spend(1), Spend(1), Spend(5)], "search")
    after_commit(database.engine, server)
    sample = Sample(0, "42", input_tokens=3)
    pool.keep_and_settle([Settlement(ask("?"), [sample], one, Spend(1, 3))])
    after_commit(database.engine, server)
    ledger.release_many([two])
    other = Ledger(database, ledger.study_id, ledger.budget, owner="other:1:1")
    after_commit(database.engine, server)
    assert other.write_off() == Spend(5) == ledger.lost()
    after_commit(database.engine, server)
    ledger.settle(three, Spend(2))
    assert ledger.spent() == Spend(3, 3)
    assert ledger.audit() == []
    assert pool.load([ask("?").key]) == {ask("?").key: [sample]}


@on_postgres
def test_the_wall_clock_and_the_owner_survive_a_lost_acknowledgement(
    database: Database, studies: Studies, study_id: int, server: Server
) -> None:
    """Seconds are counted once, and who conducts does so still."""
    begun_s, crew = database.query(database.now), Crew(database, study_id)
    after_commit(database.engine, server)
    assert crew.conduct(again=True)
    after_commit(database.engine, server)
    assert crew.beat().conducts
    after_commit(database.engine, server)
    crew.step_down("stopped")
    assert 0 < studies.find("first").elapsed_s <= database.query(database.now) - begun_s
    after_commit(database.engine, server)
    assert studies.begin("second", "text", "", now=1.0).name == "second"
    after_commit(database.engine, server)
    studies.record(study_id, "key", [1, 2])
    assert studies.recall(study_id, "key") == [1, 2]
    assert studies.names() == ["first", "second"]


@on_postgres
def test_a_lane_is_booked_at_least_once(database: Database, server: Server) -> None:
    """A second booking of the same call leaves a place unused; the limit holds."""
    after_commit(database.engine, server)
    pace = SharedPace(database)
    assert pace("requests", 3600.0) <= 3600.0
    assert pace("requests", 3600.0) > 3000.0


@on_postgres
def test_two_that_are_in_each_others_way_both_come_through(database: Database, study_id: int) -> None:
    """A deadlock ends one of them, which begins anew."""
    other = Studies(database).begin("second", "", "", now=0.0).id
    together, tries = Barrier(2, timeout=30), []

    def cross(first: int, second: int) -> None:
        def work(connection: Connection) -> None:
            tries.append(1)
            connection.execute(text(f"UPDATE jointopt_studies SET elapsed_s = elapsed_s + 1 WHERE id = {first}"))
            if len(tries) <= 2:
                together.wait()
            connection.execute(text(f"UPDATE jointopt_studies SET elapsed_s = elapsed_s + 1 WHERE id = {second}"))

        database.transact(work)

    threads = [Thread(target=cross, args=pair) for pair in ((study_id, other), (other, study_id))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.elapsed_s for row in Studies(database).all()] == [2.0, 2.0]
    assert len(tries) == 3


@on_postgres
def test_one_that_was_frozen_in_mid_transaction_begins_anew(url: str, database: Database, ledger: Ledger) -> None:
    """The server ends its transaction, others go on, and when it wakes up it does its work again."""
    with closing(open_database(f"{url}?options=-c%20idle_in_transaction_session_timeout%3D200")) as frozen:
        once, others_went_on = iter([True]), Event()

        def sleep_and_go_on() -> None:
            if next(once, False):
                ledger.reserve(Spend(60), "search")  # waits for the lock until the server has ended the other
                others_went_on.set()

        before_commit(frozen.engine, sleep_and_go_on)
        Ledger(frozen, ledger.study_id, Budget(calls=100)).reserve(Spend(40), "search")
        assert others_went_on.is_set()
    assert ledger.reserved() == Spend(100)
    assert ledger.audit() == []


@on_postgres
def test_a_server_that_stays_away_is_given_up(url: str, database: Database, server: Server) -> None:
    """After so much patience as one has, with the mend."""
    with closing(open_database(url, patience_s=0.3)) as impatient:

        def work(connection: Connection) -> None:
            connection.execute(text("SELECT 1"))
            server.stop()
            connection.execute(text("SELECT 1"))

        with pytest.raises(StorageError) as caught:
            impatient.transact(work)
        assert caught.value.mend


def test_our_own_mistakes_are_not_repeated(database: Database) -> None:
    """Work that fails for another reason is done once."""
    tries: list[int] = []

    def work(_connection: Connection) -> None:
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(work)
    assert tries == [1]


def test_a_study_that_was_taken_over_reserves_nothing_more(database: Database, ledger: Ledger) -> None:
    """Whoever was silent for too long finds out before any money is promised, also once the other one has ended."""
    Crew(database, ledger.study_id, name=ledger.owner).conduct()
    ledger.hold()
    ledger.reserve(Spend(1), "search")
    with database.write() as connection:
        connection.execute(text("UPDATE jointopt_studies SET owner = 'elsewhere:7:1'"))
    for refused in (ledger.hold, lambda: ledger.reserve(Spend(1), "search")):
        with pytest.raises(StudyLost, match="elsewhere:7:1"):
            refused()
    Crew(database, ledger.study_id, name="elsewhere:7:1").step_down("stopped")
    with pytest.raises(StudyLost, match="ended"):
        ledger.reserve(Spend(1), "search")
    assert ledger.reserved() == Spend(1)
    other = Ledger(database, ledger.study_id, ledger.budget, owner="elsewhere:8:1")
    other.reserve(Spend(1), "search")  # nobody holds it now
