"""Sharing orders: whoever buys them, each is asked once, and a buyer that dies costs no more than it had asked for."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from sqlalchemy import event

from jointopt.domain import Sample, Spend
from jointopt.errors import BudgetExhausted, KeyRefused, ModelError, ProviderError
from jointopt.storage import Database, Orders, Posted, Settlement, open_database
from tests.evaluation.hands import DEAD, EACH, HELPER, LEAD, Hand

PATIENCE_S = 300.0  # of a machine that has much else to do


@pytest.fixture
def lead(database: Database) -> Hand:
    """Who conducts a study."""
    hand = Hand(database, LEAD)
    assert hand.crew.conduct()
    return hand


@pytest.fixture
def helper(lead: Hand) -> Hand:
    """Who helps."""
    hand = Hand(lead.crew.database, HELPER)
    hand.others = lead.others = 1
    return hand


async def _until(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def _taken(orders: Orders, many: int) -> list[Posted]:
    """Take so many orders at most, once there are some."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := orders.take("m", many)):
            await asyncio.sleep(0.01)
        return found


async def test_others_buy_what_one_cannot_ask_for_soon(lead: Hand, helper: Hand) -> None:
    """Of many questions each is asked once, by one or the other, as it would have been alone; all answers are seen by
    who ordered them, and settled.
    """
    for hand in (lead, helper):
        hand.vendor.gate.set()
        hand.vendor.pause_s = 0.05
    serving = helper.serve()
    await lead.fill(24)
    helper.going = False
    await serving
    assert min(len(lead.answered()), len(helper.answered())) > 2
    asked = Counter((request.key, numbers) for hand in (lead, helper) for request, numbers in hand.vendor.calls)
    requests = lead.requests(24)
    assert asked == Counter((request.key, tuple(range(EACH))) for request in requests)
    assert [len(lead.draw.readings.samples(request)) for request in requests] == [EACH] * 24
    assert (lead.money, lead.draw.tally.bought) == ((24 * EACH, 0, 0), 24 * EACH)
    assert (lead.orders.outcomes(), lead.orders.withdraw()) == ([], set())


async def test_who_is_alone_shares_nothing(lead: Hand) -> None:
    """Until another one has joined; then what waits is on the table, without a beat in between."""
    lead.vendor.pause_s, known = 0.05, Orders(lead.crew.database, lead.crew.study_id, HELPER)
    filling = lead.fill(24)
    await _until(lambda: len(lead.vendor.begun) == 2)
    assert (known.take("m", 1), lead.desk.shares()) == ([], False)
    Hand(lead.crew.database, HELPER)
    await _until(lead.desk.shares)
    found = await _taken(known, 1)
    known.put_back({one.number: one.reservation for one in found})
    lead.vendor.gate.set()
    await filling
    assert (len(lead.answered()), lead.money) == (24, (24 * EACH, 0, 0))


async def test_what_a_dead_worker_had_taken_is_bought_by_another(lead: Hand) -> None:
    """Each of its orders with a reservation of its own; the first one is given up, for it may have been billed."""
    lead.others, dead = 1, Orders(lead.crew.database, lead.crew.study_id, DEAD)
    filling = lead.fill(8)
    await _taken(dead, 2)
    lead.vendor.gate.set()
    await filling
    assert Counter(lead.answered()) == Counter(request.messages[-1].content for request in lead.requests(8))
    assert lead.money == (8 * EACH, 2 * EACH, 0)


async def test_what_a_dead_worker_had_taken_is_not_bought_without_money(database: Database) -> None:
    """What there is money for is bought first; then the order is buried, and the budget's end is told."""
    lead = Hand(database, LEAD, calls=8 * EACH)
    assert lead.crew.conduct()
    lead.others, dead = 1, Orders(database, lead.crew.study_id, DEAD)
    filling = lead.fill(8)
    await _taken(dead, 2)
    lead.vendor.gate.set()
    with pytest.raises(BudgetExhausted, match="32 calls is used up"):
        await filling
    assert (len(lead.answered()), lead.money, lead.orders.holders()) == (6, (6 * EACH, 2 * EACH, 0), set())


async def test_a_model_that_refuses_a_helper_ends_the_round_for_all(lead: Hand, helper: Hand) -> None:
    """With the message that the helper got, and its mend; what was under way is kept, the rest costs nothing."""
    refusal = ModelError("no such model", where="model 'm'", mend="name another")
    helper.vendor.failing = {request.messages[-1].content: refusal for request in lead.requests(24)}
    helper.vendor.gate.set()
    serving, filling = helper.serve(), lead.fill(24)
    await _until(lambda: helper.vendor.begun)
    lead.vendor.gate.set()
    with pytest.raises(ModelError, match="no such model\n  mend: name another"):
        await filling
    helper.going = False
    await serving
    assert lead.money == (EACH * len(lead.answered()), 0, 0)
    assert lead.orders.withdraw() == set()


async def test_what_fails_elsewhere_is_on_record_here(database: Database) -> None:
    """A question that could not be had is a sample without an answer where the study says so, and is free."""
    failing = {f"question {number}": ProviderError("the line is dead") for number in (5, 6)}
    lead, helper = (Hand(database, name, failing=failing, on_error="wrong") for name in (LEAD, HELPER))
    assert lead.crew.conduct()
    lead.others = helper.others = 1
    serving, filling = helper.serve(), lead.fill(8)
    helper.vendor.gate.set()
    await _until(lambda: {"question 5", "question 6"} <= set(helper.vendor.begun))
    lead.vendor.gate.set()
    await filling
    helper.going = False
    await serving
    assert lead.pool.failed_counts() == {"the line is dead": 2 * EACH}
    assert (lead.money, lead.draw.tally.failed) == ((6 * EACH, 0, 0), 2)


async def test_whom_a_model_does_not_serve_others_buy_for(lead: Hand, helper: Hand) -> None:
    """A helper whose key is refused puts its orders back, and buys nothing more; the study goes on."""
    helper.vendor.failing = {r.messages[-1].content: KeyRefused("the key is refused") for r in lead.requests(12)}
    helper.vendor.gate.set()
    serving, filling = helper.serve(), lead.fill(12)
    await _until(lambda: helper.orders.refused)
    lead.vendor.gate.set()
    helper.going = False
    await serving
    await filling
    assert (sorted(lead.answered()), lead.money) == (
        sorted(request.messages[-1].content for request in lead.requests(12)),
        (12 * EACH, 0, 0),
    )


@pytest.mark.parametrize("end", ["it is over", "Ctrl-C"])
async def test_who_leaves_waits_for_what_it_has_asked(lead: Hand, helper: Hand, end: str) -> None:
    """That is kept; what it has taken and not asked for is open to others again, with its money."""
    lead.post(8)
    serving = helper.serve()
    await _until(lambda: len(helper.vendor.begun) == 2)
    await _until(lambda: len(lead.orders.held_by(HELPER)) == 3)
    if end == "Ctrl-C":
        serving.cancel()
    helper.going = end == "Ctrl-C"
    await asyncio.sleep(0.05)
    assert not serving.done()
    helper.vendor.gate.set()
    with suppress(asyncio.CancelledError):
        await serving
    assert serving.cancelled() is (end == "Ctrl-C")
    assert (lead.orders.holders(), len(lead.orders.outcomes())) == (set(), 2)
    assert (lead.money, len(lead.orders.take("m", 9))) == ((2 * EACH, 0, 6 * EACH), 6)


async def test_who_may_have_lost_its_lease_asks_for_nothing(lead: Hand, helper: Hand) -> None:
    """What it took while it held it goes back unasked; it takes more when it holds its lease again."""
    lead.post(1)
    helper.vendor.gate.set()
    looks = count()
    helper.holding = lambda: next(looks) == 0  # when it takes, and no more
    serving = helper.serve()
    await _until(lambda: next(looks) > 9)
    assert (helper.vendor.begun, lead.orders.holders(), lead.money) == ([], set(), (0, 0, EACH))
    helper.holding = lambda: True
    await _until(lead.orders.outcomes)
    helper.going = False
    await serving
    assert (helper.answered(), lead.money) == (["question 0"], (EACH, 0, 0))


async def test_a_conductor_begins_with_an_empty_table(lead: Hand, helper: Hand) -> None:
    """What nobody buys is withdrawn, what the dead had taken, and it itself before, is given up; what a worker that
    lives is buying is waited for.
    """
    lead.post(4)
    [theirs] = helper.orders.take("m", 1)
    dead = Orders(lead.crew.database, lead.crew.study_id, DEAD)
    assert (len(dead.take("m", 1)), len(lead.orders.take("m", 1))) == (1, 1)
    settling = asyncio.create_task(lead.desk.settle_down())
    await _until(lambda: lead.money == (0, 2 * EACH, EACH))
    await asyncio.sleep(0.1)
    assert not settling.done()
    samples = [Sample(number, "yes") for number in theirs.replicates]
    batch = [Settlement(lead.requests(1)[0], samples, theirs.reservation, Spend(EACH), theirs.number)]
    await asyncio.to_thread(helper.pool.keep_and_settle, batch)
    await settling
    assert (lead.money, lead.orders.outcomes(), lead.orders.holders()) == ((EACH, 2 * EACH, 0), [], set())


async def test_what_is_put_back_meanwhile_does_not_stay(url: str, lead: Hand, helper: Hand) -> None:
    """A worker hears that the conductor is dead, and leaves what it has not asked for, while its successor looks at the
    table: nobody must buy it there, for the successor orders it anew.
    """
    lead.post(2)
    taken = {one.number: one.reservation for one in helper.orders.take("m", 2)}
    database, looks = open_database(url), count(1)
    successor = Hand(database, LEAD)

    def put_back(*_: object) -> None:
        if next(looks) == 2:  # between two transactions of the successor
            helper.orders.put_back(taken)

    event.listen(database.engine, "checkout", put_back)
    await successor.desk.settle_down()
    assert (next(looks) > 2, helper.orders.take("m", 9), lead.money) == (True, [], (0, 0, 0))
    database.close()


async def test_what_is_left_of_a_round_is_withdrawn(lead: Hand, helper: Hand) -> None:
    """One that is stopped (Ctrl-C): what another is buying it may buy, all else is given back."""
    filling = lead.fill(12)
    await _taken(helper.orders, 1)
    lead.vendor.gate.set()
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling
    assert (lead.orders.holders(), helper.orders.take("m", 9)) == ({HELPER}, [])
    assert lead.money == (EACH * len(lead.answered()), 0, EACH)
