"""Buying a round: what came is kept and settled together, and where nothing can be kept nothing more is asked."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import event

from jointopt.domain import Request, Sample, Spend
from jointopt.errors import StorageError
from jointopt.evaluation import Order, Round
from jointopt.evaluation.buyer import Buyer
from jointopt.storage import Database, open_database
from tests.evaluation.hands import EACH, LEAD, MODEL, Hand, Slow


class Telling(Slow):
    """The same, and remembers whether it was told to ask nothing again."""

    def __init__(self) -> None:
        super().__init__({})
        self.halted = False

    def halt(self, halted: bool) -> None:
        """Remember it."""
        self.halted = halted


class Unpaced(Telling):
    """A provider whose limit per minute lies in a database that is gone."""

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """Never comes to asking, but for the first request."""
        if self.begun:
            raise StorageError("the connection to the database was lost")
        return await super().complete(request, replicates)


@pytest.fixture
def hand(database: Database) -> Hand:
    """Who conducts a study."""
    hand = Hand(database, LEAD)
    assert hand.crew.conduct()
    return hand


def _orders(hand: Hand, many: int) -> list[Order]:
    """So many orders that nobody shares."""
    ids = hand.ledger.reserve_many([Spend(EACH)] * many, "search")
    return [Order(request, range(EACH), id) for request, id in zip(hand.requests(many), ids, strict=True)]


async def test_what_came_together_is_kept_together(hand: Hand) -> None:
    """Many answers take few transactions, each with its price; how long they took says how many can be had soon."""
    hand.vendor.gate.set()
    hand.vendor.pause_s, commits = 0.05, Counter[str]()
    buyer = Buyer({"m": hand.vendor}, hand.pool)
    orders, told = _orders(hand, 60), list[Order]()
    buyer.received = lambda order, samples, this: told.append(order)
    assert buyer.within("m", 20, 1.0) == 0
    event.listen(hand.pool.database.engine, "commit", lambda _: commits.update(["commit"]))
    this = Round(orders)
    await buyer.buy(this, {"m": 20}, [])
    assert 0 < commits["commit"] < 20
    assert (Counter(order.reservation for order in told), this.settled) == (
        Counter(order.reservation for order in orders),
        {order.reservation for order in orders},
    )
    assert (hand.pool.count(), hand.money) == (60 * EACH, (60 * EACH, 0, 0))
    assert 100 < buyer.within("m", 20, 1.0) <= 400
    assert buyer.within("another", 20, 1.0) == 0


async def test_where_nothing_can_be_kept_nothing_more_is_asked(tmp_path: Path) -> None:
    """A file that is deleted in mid-round: what was under way has been asked, and the provider is told to ask nothing
    again.
    """
    file = tmp_path / "gone.db"
    hand = Hand(open_database(f"sqlite:///{file}"), LEAD)
    provider = Telling()
    buyer, this = Buyer({"m": provider}, hand.pool), Round(_orders(hand, 40))
    buying = asyncio.create_task(buyer.buy(this, {"m": MODEL.concurrency}, []))
    while len(provider.begun) < MODEL.concurrency:
        await asyncio.sleep(0.01)
    file.unlink()
    provider.pause_s = 0.2
    provider.gate.set()
    with pytest.raises(StorageError, match=r"gone\.db is not the file any more"):
        await buying
    assert len(provider.begun) <= 2 * MODEL.concurrency
    assert (provider.halted, this.over, this.settled) == (True, True, set())
    hand.pool.database.close()


async def test_a_limit_that_cannot_be_booked_ends_the_round(hand: Hand) -> None:
    """The database of a pace is gone: what came before is kept, and the refusal stands in the round."""
    provider = Unpaced()
    provider.gate.set()
    this = Round(_orders(hand, 10))
    await Buyer({"m": provider}, hand.pool).buy(this, {"m": 1}, [])
    assert [str(refusal) for refusal in this.refusals] == ["the connection to the database was lost"]
    assert (provider.begun, hand.pool.count(), hand.money) == (["question 0"], EACH, (EACH, 0, 9 * EACH))
