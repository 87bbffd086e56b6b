"""What is bought in one go is reserved for little by little, so that a run that dies loses little."""

import asyncio

import pytest

from jointopt.domain import Budget, Request, Spend
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Round
from jointopt.evaluation.errand import AHEAD, SHARED, Errand
from jointopt.storage import Database
from tests.evaluation.hands import EACH, LEAD, MODEL, Hand

PORTION = AHEAD * MODEL.concurrency  # orders


@pytest.fixture
def hand(database: Database) -> Hand:
    """Who conducts a study."""
    hand = Hand(database, LEAD, calls=40 * EACH)
    assert hand.crew.conduct()
    return hand


def _errand(hand: Hand, many: int, cap: Budget | None = None) -> Errand:
    wishes = [(request, range(EACH)) for request in hand.requests(many)]
    return Errand(hand.ledger, lambda request, n: Spend(n), wishes, "search", cap)


def _asked(hand: Hand) -> list[Request]:
    return hand.requests(60)


async def test_a_few_rounds_are_reserved_for_ahead(hand: Hand) -> None:
    """As many as four times what may be under way; all that the money allows, where others buy too."""
    errand = _errand(hand, 60)
    orders = await errand.order()
    assert [order.request for order in orders] == _asked(hand)[:PORTION]
    assert (len(errand.rest), hand.money) == (60 - PORTION, (0, 0, PORTION * EACH))
    errand.shares = lambda: True
    more = await errand.order()
    assert PORTION + len(more) == 40 < SHARED
    with pytest.raises(BudgetExhausted, match="160 calls is used up"):
        await errand.order()
    assert (len(errand.rest), hand.money) == (20, (0, 0, 40 * EACH))


async def test_an_errand_keeps_to_its_share(hand: Hand) -> None:
    """The first wishes are had, as far as the phase's money goes."""
    errand = _errand(hand, 10, cap=Budget(calls=3 * EACH + 1))
    assert [order.request for order in await errand.order()] == _asked(hand)[:3]
    with pytest.raises(BudgetExhausted, match="the share of phase 'search'"):
        await errand.order()
    assert hand.money == (0, 0, 3 * EACH)


def test_no_more_places_than_requests(hand: Hand) -> None:
    """One request needs one place."""
    assert (_errand(hand, 1).places, _errand(hand, 9).places) == ({"m": 1}, {"m": MODEL.concurrency})


async def test_more_is_ordered_when_little_waits(hand: Hand) -> None:
    """Beside a round, until all is ordered or the money is spent; then the round may end."""
    errand = _errand(hand, 60)
    this = Round(await errand.order())
    this.expect()
    ordering, taken = asyncio.create_task(errand.order_more(this)), list[Request]()
    async with asyncio.timeout(60):
        while not (ordering.done() and not this.waiting("m")):
            assert this.waiting("m") <= PORTION + MODEL.concurrency
            if this.waiting("m") and (order := await this.next("m")):
                taken.append(order.request)
            await asyncio.sleep(0.001)
    await ordering
    assert (taken, len(errand.rest), this.refusals, this.over) == (_asked(hand)[:40], 20, [], False)
    for _ in taken:
        this.finish()
    assert this.over


async def test_a_stop_while_money_is_reserved_gives_it_back(hand: Hand) -> None:
    """Nobody will ask for what it was meant for."""
    errand = _errand(hand, 20)
    ordering = asyncio.create_task(errand.order())
    await asyncio.sleep(0)
    ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering
    assert (len(errand.rest), hand.money) == (20, (0, 0, 0))


async def test_orders_are_paid_for_once_more(hand: Hand) -> None:
    """Each with a reservation of its own, as many as there is money for."""
    errand = _errand(hand, 60)
    errand.shares = lambda: True
    orders = (await errand.order())[:30]
    hand.ledger.release_many([order.reservation for order in orders[:10]])
    again = errand.reserve_again(orders)
    assert (len(again), len({*again} & {order.reservation for order in orders})) == (10, 0)
    with pytest.raises(BudgetExhausted):
        errand.reserve_again(orders)
