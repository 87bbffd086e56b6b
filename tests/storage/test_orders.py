"""Orders that workers share: each is one worker's at a time, and whatever becomes of who took it, the money adds up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from jointopt.domain import Budget, Request, Sample, Spend
from jointopt.errors import KeyRefused, ModelError, ProviderError, StudyLost
from jointopt.storage import Crew, Database, Ledger, Orders, Posted, SamplePool, Settlement
from tests.outages import before_commit

LEAD, BUYER, OTHER = "elsewhere:1:1", "elsewhere:2:2", "elsewhere:3:3"
EACH = 4  # replicates of an order, and calls that it reserves


class Table:
    """The orders of a study, with who conducts it and two who buy.

    Args:
        database: where they are.
        study_id: whose.
        ask: makes a request.
    """

    def __init__(self, database: Database, study_id: int, ask: Callable[[str], Request]) -> None:
        self.database, self.study_id, self.ask = database, study_id, ask
        self.crew = Crew(database, study_id, name=LEAD)
        assert self.crew.conduct()
        self.ledger = Ledger(database, study_id, Budget(calls=100), owner=LEAD)
        self.lead, self.buyer, self.other = (Orders(database, study_id, name) for name in (LEAD, BUYER, OTHER))

    def reserve(self, count: int) -> list[int]:
        """Money for so many orders."""
        return self.ledger.reserve_many([Spend(EACH)] * count, "search")

    def written(self, count: int, model: str = "m") -> list[Posted]:
        """So many orders of different questions, with money each, which nobody has posted."""
        return [Posted(id, self.ask(f"{id}?").key, model, "{}", range(EACH)) for id in self.reserve(count)]

    def post(self, count: int, model: str = "m") -> list[int]:
        """Their numbers, once they are posted."""
        return list(self.lead.post(self.written(count, model)).values())

    def answer(self, who: Orders, one: Posted) -> None:
        """Have an answer come to an order, as it was taken, with a call less than was reserved."""
        pool = SamplePool(self.database, self.study_id)
        pool.on_kept = who.mark_kept
        samples = [Sample(number, "said") for number in one.replicates]
        request = self.ask(f"{one.reservation}?")
        pool.keep_and_settle([Settlement(request, samples, one.reservation, Spend(EACH - 1), one.number)])

    @property
    def money(self) -> tuple[float, float, float]:
        """Calls that are settled, given up for lost, and reserved."""
        assert self.ledger.audit() == []
        lost = self.ledger.lost().calls
        return self.ledger.spent().calls - lost, lost, self.ledger.reserved().calls

    def holding(self) -> dict[str, list[int]]:
        """What each worker has taken and not ended."""
        return {name: [one.number for one in self.lead.held_by(name)] for name in self.lead.holders()}


@pytest.fixture
def table(database: Database, study_id: int, ask: Callable[[str], Request]) -> Table:
    """An empty table."""
    return Table(database, study_id, ask)


def _ends(orders: Orders) -> dict[int, str]:
    """How orders ended, by number."""
    return {one.number: str(one.error) if one.error else "kept" for one in orders.outcomes()}


def test_what_is_posted_twice_is_there_once(table: Table) -> None:
    """A call that is repeated after a lost acknowledgement finds its orders, and gives the same numbers."""
    batch = table.written(3)
    numbers = table.lead.post(batch)
    assert (table.lead.post(batch[::-1]), list(numbers)) == (numbers, [one.reservation for one in batch])
    taken = table.buyer.take("m", 9)
    assert [(one.number, one.reservation, one.request_key, one.replicates) for one in taken] == [
        (numbers[one.reservation], one.reservation, one.request_key, one.replicates) for one in batch
    ]


def test_each_order_is_taken_by_one(table: Table) -> None:
    """Whoever asks at the same time; a worker gets the oldest that are left, of the model that it asks for."""
    numbers, others = table.post(20), table.post(2, "another")
    buyers = [Orders(table.database, table.study_id, f"elsewhere:{number}:1") for number in range(4)]

    def take_all(buyer: Orders) -> list[list[int]]:
        found = []
        while some := buyer.take("m", 3):
            found.append([one.number for one in some])
        return found

    with ThreadPoolExecutor(4) as threads:
        batches = [batch for found in threads.map(take_all, buyers) for batch in found]
    assert sorted(number for batch in batches for number in batch) == numbers
    assert all(batch == sorted(batch) and len(batch) <= 3 for batch in batches)
    assert [one.number for one in table.buyer.take("another", 1)] == others[:1]


def test_who_conducts_no_more_changes_nothing(table: Table) -> None:
    """It may not order, nor take anything off the table, nor give another's orders away."""
    late, [number, _] = table.written(1), table.post(2)
    table.buyer.take("m", 1)
    table.crew.step_down("running")
    assert Crew(table.database, table.study_id, name=OTHER).conduct()
    before = table.holding(), table.money
    for change in (
        lambda: table.lead.post(late),
        table.lead.withdraw,
        lambda: table.lead.reopen(BUYER, {number: late[0].reservation}),
        lambda: table.lead.bury(BUYER),
    ):
        with pytest.raises(StudyLost, match=f"worker {OTHER} conducts the study by now"):
            change()
    table.lead.clear()
    assert (table.holding(), table.money) == before
    assert len(table.buyer.take("m", 9)) == 1


def test_what_is_put_back_others_take(table: Table) -> None:
    """With the same reservation, and only by who has taken it."""
    table.post(2)
    one, two = table.buyer.take("m", 2)
    table.other.put_back({one.number: one.reservation})
    assert table.other.take("m", 9) == []
    table.buyer.put_back({two.number: two.reservation})
    table.buyer.put_back({})
    assert (table.other.take("m", 9), table.money) == ([two], (0, 0, 2 * EACH))


@pytest.mark.parametrize("fate", ["reopened", "taken by another", "buried"])
def test_a_silent_worker_that_had_asked_nothing_gives_its_reservation_back(table: Table, fate: str) -> None:
    """It was given up for lost; whoever has the order now keeps it."""
    table.post(1)
    [one] = table.buyer.take("m", 1)
    if fate == "buried":
        assert table.lead.bury(BUYER) == Spend(EACH)
    else:
        table.lead.reopen(BUYER, dict(zip([one.number], table.reserve(1), strict=True)))
    taken = table.other.take("m", 1) if fate == "taken by another" else []
    again = 0 if fate == "buried" else EACH
    assert table.money == (0, EACH, again)
    table.buyer.put_back({one.number: one.reservation})
    assert table.money == (0, 0, again)
    assert table.lead.held_by(OTHER) == taken
    assert len(table.other.take("m", 1)) == (fate == "reopened")


def test_why_an_order_was_not_had_is_told(table: Table) -> None:
    """A failure with its reason, a refusal of the model with its mend; the money is free again, and only who holds an
    order ends it.
    """
    table.post(2)
    one, two = table.buyer.take("m", 2)
    table.other.end(one.number, ProviderError("not mine"))
    assert (table.lead.outcomes(), table.money) == ([], (0, 0, 2 * EACH))
    table.buyer.end(one.number, ProviderError("the line is dead\x00"))
    table.buyer.end(two.number, ModelError("no such model", where="model 'm'", mend="name another"))
    failed, refused = table.lead.outcomes()
    assert (failed.number, str(failed.error), type(failed.error)) == (
        one.number,
        str(ProviderError("the line is dead�")),
        ProviderError,
    )
    assert isinstance(refused.error, ModelError)
    assert (refused.number, refused.error.message, refused.error.mend) == (two.number, "no such model", "name another")
    assert table.money == (0, 0, 0)
    table.lead.forget([one.number])
    assert [end.number for end in table.lead.outcomes()] == [two.number]


def test_what_one_worker_is_refused_another_buys(table: Table) -> None:
    """Its order is open again, with its money, and it takes no more."""
    table.post(2)
    [one] = table.buyer.take("m", 1)
    table.buyer.end(one.number, KeyRefused("the key is refused"))
    assert (table.buyer.take("m", 9), table.lead.outcomes(), table.money) == ([], [], (0, 0, 2 * EACH))
    assert len(table.other.take("m", 9)) == 2


def test_an_answer_is_settled_and_the_rest_given_back(table: Table) -> None:
    """An order is kept once; a second time changes nothing."""
    table.post(1)
    [one] = table.buyer.take("m", 1)
    for _ in range(2):
        table.answer(table.buyer, one)
        assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (EACH - 1, 0, 0))


def test_an_answer_that_comes_after_its_order_was_given_to_another(table: Table) -> None:
    """Both have asked, and both are paid; the order is the other's to end."""
    table.post(1)
    [one] = table.buyer.take("m", 1)
    table.lead.reopen(BUYER, dict(zip([one.number], table.reserve(1), strict=True)))
    [again] = table.other.take("m", 1)
    table.answer(table.buyer, one)
    assert (table.holding(), _ends(table.lead), table.money) == ({OTHER: [one.number]}, {}, (EACH - 1, 0, EACH))
    table.answer(table.other, again)
    assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (2 * (EACH - 1), 0, 0))


def test_an_answer_that_comes_while_its_order_is_open_again(table: Table) -> None:
    """Nobody has asked a second time: nobody will, and the second reservation is given back."""
    table.post(1)
    [one] = table.buyer.take("m", 1)
    table.lead.reopen(BUYER, dict(zip([one.number], table.reserve(1), strict=True)))
    assert table.money == (0, EACH, EACH)
    table.answer(table.buyer, one)
    assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (EACH - 1, 0, 0))
    assert table.other.take("m", 1) == []


def test_an_answer_that_comes_after_its_order_was_buried(table: Table) -> None:
    """What was lost is settled at its true price, and nothing is on the table."""
    table.post(2)
    one, _ = table.buyer.take("m", 2)
    assert table.lead.bury(BUYER) == Spend(2 * EACH)
    assert (table.holding(), table.money) == ({}, (0, 2 * EACH, 0))
    table.answer(table.buyer, one)
    assert (_ends(table.lead), table.money) == ({}, (EACH - 1, EACH, 0))
    assert table.lead.bury(BUYER) == Spend()


def test_an_order_that_ended_before_it_could_be_opened_again(table: Table) -> None:
    """Who was thought dead was not: the second reservation is given back, and the answer stays."""
    table.post(1)
    [one] = table.buyer.take("m", 1)
    table.answer(table.buyer, one)
    table.lead.reopen(BUYER, dict(zip([one.number], table.reserve(1), strict=True)))
    assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (EACH - 1, 0, 0))


def test_an_order_that_its_own_buyer_takes_again_is_paid_once(table: Table) -> None:
    """Silent for a while, a buyer had its order opened again, and took it anew; then the first answer comes. It is
    settled under the first reservation, and the second one is given back.
    """
    table.post(1)
    [one] = table.buyer.take("m", 5)
    [second] = table.reserve(1)
    table.lead.reopen(BUYER, {one.number: second})
    [again] = table.buyer.take("m", 5)
    assert (again.number, again.reservation) == (one.number, second)
    table.answer(table.buyer, one)
    assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (EACH - 1, 0, 0))


def test_what_nobody_buys_is_withdrawn(table: Table) -> None:
    """With its money; who buys some of the rest is named, and goes on. What has ended is forgotten, too."""
    table.post(4)
    one, two, three, four = table.buyer.take("m", 4)
    table.answer(table.buyer, one)
    table.buyer.put_back({two.number: two.reservation, three.number: three.reservation})
    assert table.lead.withdraw([two.number, four.number]) == {BUYER}
    assert (_ends(table.lead), table.money) == ({one.number: "kept"}, (EACH - 1, 0, 2 * EACH))
    assert table.lead.withdraw() == {BUYER}
    assert (_ends(table.lead), table.holding(), table.money) == ({}, {BUYER: [four.number]}, (EACH - 1, 0, EACH))
    table.answer(table.buyer, four)
    assert (table.lead.withdraw(), table.money) == (set(), (2 * (EACH - 1), 0, 0))


def test_what_is_about_to_be_taken_is_not_overlooked(table: Table) -> None:
    """An order that somebody takes at this very moment is withdrawn before, or its buyer is named: never is the table
    taken for empty while an order on it is about to be asked.
    """
    table.post(1)
    taking, withdrawing = Event(), Event()

    def linger() -> None:
        taking.set()
        withdrawing.wait(0.3)  # in vain, where the other one has to wait for this one

    def withdraw() -> set[str]:
        assert taking.wait(10)
        found = table.lead.withdraw()
        withdrawing.set()
        return found

    with ThreadPoolExecutor(2) as threads:
        busy = threads.submit(withdraw)
        before_commit(table.database.engine, linger)
        taken = table.buyer.take("m", 1)
        assert (busy.result(), len(taken)) == ({BUYER}, 1)


def test_a_study_that_nobody_conducts_is_cleared(table: Table) -> None:
    """And no other one: what is open is withdrawn then, whoever does it."""
    table.post(2)
    table.buyer.take("m", 1)
    table.other.clear()
    assert table.money == (0, 0, 2 * EACH)
    table.crew.step_down("stopped")
    table.other.clear()
    assert (table.holding(), table.money, table.other.take("m", 1)) == ({BUYER: [1]}, (0, 0, EACH), [])
