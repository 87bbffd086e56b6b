"""The promise holds at every instant, and the accounts agree with their entries."""

import time
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jointopt.domain import Budget, Spend
from jointopt.errors import BudgetExhausted
from jointopt.storage import Database, Ledger, Studies
from jointopt.storage.tables import entries


def test_a_reservation_becomes_its_true_price(ledger: Ledger) -> None:
    """Reserved at the worst, settled at the true."""
    reservation = ledger.reserve(Spend(4, 400, 0.5), "search")
    assert (ledger.spent(), ledger.reserved()) == (Spend(), Spend(4, 400, 0.5))
    ledger.settle(reservation, Spend(4, 100, 0.125))
    assert (ledger.spent(), ledger.reserved()) == (Spend(4, 100, 0.125), Spend())
    assert ledger.audit() == []


def test_a_refusal_names_the_limit_the_spent_and_the_asked(ledger: Ledger) -> None:
    """And nothing is reserved."""
    ledger.settle(ledger.reserve(Spend(90, 0, 0.25), "search"), Spend(90, 0, 0.25))
    ledger.reserve(Spend(5), "search")
    with pytest.raises(BudgetExhausted, match=r"budget of 100 calls is used up: 90 spent and 5 reserved, 6 more asked"):
        ledger.reserve(Spend(6), "search")
    with pytest.raises(BudgetExhausted, match=r"budget of 1 usd is used up: 0.25 spent and 0 reserved, 0.8 more asked"):
        ledger.reserve(Spend(1, 0, 0.8), "search")
    assert ledger.reserved() == Spend(5)


def test_a_phase_keeps_to_its_own_cap(ledger: Ledger) -> None:
    """Whatever the budget still allows, and whatever other phases did."""
    cap = ledger.budget.part(0.1)
    ledger.reserve(Spend(50), "search")
    ledger.reserve(Spend(10), "sealed", cap=cap)
    with pytest.raises(BudgetExhausted, match="share of phase 'sealed' of 10 calls"):
        ledger.reserve(Spend(1), "sealed", cap=cap)
    ledger.reserve(Spend(1), "search")


def test_as_many_as_fit_are_reserved(ledger: Ledger) -> None:
    """The leading ones; where none fits, that is an error."""
    assert len(ledger.reserve_many([Spend(30)] * 5, "search")) == 3
    assert len(ledger.reserve_many([Spend(10), Spend(1)], "search")) == 1
    assert ledger.reserve_many([], "search") == []
    with pytest.raises(BudgetExhausted):
        ledger.reserve_many([Spend(1)] * 5, "search")
    assert ledger.reserved() == Spend(100)


def test_a_true_price_above_the_worst_is_recorded(ledger: Ledger) -> None:
    """Even beyond the budget: it is paid, and the next one is refused."""
    ledger.settle(ledger.reserve(Spend(1, 10, 0.9), "search"), Spend(1, 20, 1.25))
    assert ledger.spent() == Spend(1, 20, 1.25)
    with pytest.raises(BudgetExhausted, match=r"1\.25 spent"):
        ledger.reserve(Spend(1), "search")
    assert ledger.audit() == []


def test_what_is_released_can_be_reserved_again(ledger: Ledger) -> None:
    """Releasing what is settled, or a second time, changes nothing."""
    first, second = ledger.reserve(Spend(60), "search"), ledger.reserve(Spend(40), "search")
    ledger.settle(first, Spend(60))
    ledger.release_many([first, second])
    ledger.release(second)
    assert (ledger.spent(), ledger.reserved()) == (Spend(60), Spend())
    ledger.reserve(Spend(40), "search")
    assert ledger.audit() == []


def test_settling_twice_counts_once(ledger: Ledger) -> None:
    """The first price stays."""
    reservation = ledger.reserve(Spend(5), "search")
    ledger.settle(reservation, Spend(4))
    ledger.settle(reservation, Spend(5))
    assert ledger.spent() == Spend(4)


def test_an_answer_that_came_after_its_release_is_counted(ledger: Ledger) -> None:
    """It was paid for, whatever was thought before."""
    reservation = ledger.reserve(Spend(5), "search")
    ledger.release(reservation)
    ledger.settle(reservation, Spend(3))
    assert ledger.spent() == Spend(3)
    assert ledger.audit() == []


def test_a_dead_run_is_written_off_at_its_worst(database: Database, study_id: int, ledger: Ledger) -> None:
    """The provider may have billed it; it is told apart, until the true price turns up after all."""
    dead = Ledger(database, study_id, ledger.budget, owner="here:1")
    late = dead.reserve(Spend(7, 70, 0.5), "search")
    dead.settle(dead.reserve(Spend(1), "search"), Spend(1))
    mine = ledger.reserve(Spend(2), "search")
    assert ledger.write_off("here:1") == Spend(7, 70, 0.5)
    assert ledger.write_off() == Spend()
    assert (ledger.spent(), ledger.lost(), ledger.reserved()) == (Spend(8, 70, 0.5), Spend(7, 70, 0.5), Spend(2))
    ledger.settle(late, Spend(6, 60, 0.25))
    ledger.settle(mine, Spend(2))
    assert (ledger.spent(), ledger.lost(), ledger.reserved()) == (Spend(9, 60, 0.25), Spend(), Spend())
    assert ledger.audit() == []


def test_without_a_name_everyone_elses_is_written_off(database: Database, study_id: int, ledger: Ledger) -> None:
    """But not one's own."""
    for owner in ("here:1", "there:2"):
        Ledger(database, study_id, ledger.budget, owner=owner).reserve(Spend(3), "search")
    ledger.reserve(Spend(1), "search")
    assert ledger.write_off() == Spend(6)
    assert ledger.reserved() == Spend(1)


def test_phases_are_told_apart(ledger: Ledger) -> None:
    """Their sum is what is spent."""
    for phase, calls in (("sealed", 3), ("search", 5), ("sealed", 4)):
        ledger.settle(ledger.reserve(Spend(calls), phase), Spend(calls))
    assert ledger.by_phase() == {"search": Spend(5), "sealed": Spend(7)}
    assert ledger.spent() == Spend(12)


def test_studies_have_accounts_of_their_own(database: Database, studies: Studies, ledger: Ledger) -> None:
    """And cannot settle one another's reservations."""
    reservation = ledger.reserve(Spend(100), "search")
    other = Ledger(database, studies.begin("second", "", "", now=0.0).id, ledger.budget)
    with pytest.raises(LookupError):
        other.settle(reservation, Spend(100))
    assert len(other.reserve_many([Spend(100)], "search")) == 1


def test_many_small_prices_add_up_exactly(database: Database, study_id: int) -> None:
    """Ten tenths are one, and the eleventh is refused; so are a thousand prices below a micro-dollar."""
    ledger = Ledger(database, study_id, Budget(usd=1.0))
    assert len(ledger.reserve_many([Spend(1, 0, 0.1)] * 20, "tenths")) == 10
    cap = Budget(usd=0.0001)
    small = Ledger(database, study_id, Budget(usd=2.0))
    assert len(small.reserve_many([Spend(1, 0, 1e-7)] * 1500, "small", cap)) == 1000
    assert small.reserved().usd == pytest.approx(1.0001, abs=1e-15)


def test_an_account_that_was_tampered_with_is_found(ledger: Ledger, database: Database) -> None:
    """The audit does not read the kept sums back to themselves."""
    ledger.reserve(Spend(2), "search")
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE jointopt_accounts SET calls = 1")
    assert len(ledger.audit()) == 1


def test_threads_never_exceed_the_budget(ledger: Ledger) -> None:
    """Eight threads take one call each until they are refused: a hundred are granted."""
    granted: list[int] = []

    def take() -> None:
        try:
            while True:
                granted.append(ledger.reserve(Spend(1), "search"))
        except BudgetExhausted:
            return

    threads = [Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(granted)) == len(granted) == 100
    assert ledger.audit() == []


amounts = st.builds(Spend, st.integers(0, 40), st.integers(0, 4000), st.floats(0, 0.5))
moves = st.tuples(st.sampled_from(["reserve", "settle", "release", "write_off"]), amounts, st.integers(0, 50))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(moves, max_size=25), number=st.integers(0, 2**62))
def test_the_promise_holds_at_every_instant(
    database: Database, studies: Studies, steps: list[tuple[str, Spend, int]], number: int
) -> None:
    """Settled + reserved never exceeds the budget while prices keep below their worst, and the audit always agrees."""
    budget = Budget(calls=100, tokens=10_000, usd=1.0)
    study_id = studies.begin(str(number), "", "", now=0.0).id
    ledger = Ledger(database, study_id, budget)
    made: list[tuple[int, Spend]] = [(id, Spend()) for id in ledger.reserve_many([Spend()], "search")]
    for kind, spend, place in steps:
        reservation, worst = made[place % len(made)]
        if kind == "reserve":
            try:
                made.append((ledger.reserve(spend, f"phase {place % 2}"), spend))
            except BudgetExhausted:
                assert not budget.holds(ledger.spent() + ledger.reserved() + spend)
        elif kind == "settle":
            lower = Spend(min(spend.calls, worst.calls), min(spend.tokens, worst.tokens), min(spend.usd, worst.usd))
            if reservation:
                ledger.settle(reservation, lower)
                made[place % len(made)] = (0, Spend())
        elif kind == "release" and reservation:
            ledger.release(reservation)
            made[place % len(made)] = (0, Spend())
        elif kind == "write_off":
            ledger.write_off(ledger.owner)
        assert budget.holds(ledger.spent() + ledger.reserved())
        assert ledger.audit() == []


def test_the_course_of_spending_adds_up(ledger: Ledger) -> None:
    """In the order of the requests, each phase apart, at true prices; what is open or given back is left out."""
    assert ledger.course() == []
    for number in range(9):
        phase = "search" if number < 6 else "sealed"
        ledger.settle(ledger.reserve(Spend(4, 40, 0.02), phase), Spend(3, 30, 0.01))
    ledger.release(ledger.reserve(Spend(1), "sealed"))
    ledger.reserve(Spend(1), "sealed")
    course = ledger.course(4)
    phases = [phase for phase, *_ in course]
    assert phases == sorted(phases, reverse=True) and 4 <= len(course) <= 5  # the search before the sealed half
    assert sum(count for _, count, *_ in course) == 9
    total = sum((spend for *_, spend, _ in course), Spend())
    assert (total.calls, total.tokens) == (27, 270) and total.usd == pytest.approx(0.09)
    whole = [("search", 6, Spend(18, 180, 0.06)), ("sealed", 3, Spend(9, 90, 0.03))]
    assert [(phase, count, spend) for phase, count, spend, _ in ledger.course(1)] == whole


def test_the_course_of_spending_has_a_clock(ledger: Ledger) -> None:
    """Seconds after the first request, by the database's clock; none where an older jointopt wrote the entries."""
    for phase in ("search", "sealed"):
        ledger.settle(ledger.reserve(Spend(4, 40, 0.02), phase), Spend(3, 30, 0.01))
        time.sleep(0.2)
    first, second = (seconds for *_, seconds in ledger.course(2))
    assert first == 0.0 and second is not None and 0.2 <= second < 30
    ledger.database.transact(lambda each: each.execute(entries.update().values(entered_at=None)))
    assert [seconds for *_, seconds in ledger.course(2)] == [None, None]
