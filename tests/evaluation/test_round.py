"""A round of orders by itself: who waits is served in turn, and it ends when all has ended or nothing makes sense."""

import asyncio

import pytest

from jointopt.domain import Message, Model, Request
from jointopt.errors import BudgetExhausted, ModelError, ProviderError, TooManyFailed
from jointopt.evaluation import Order, Round

MODELS = {name: Model(name, f"echo/{name}") for name in "ab"}


def _order(reservation: int, model: str = "a") -> Order:
    return Order(Request(MODELS[model], (Message("user", f"{reservation}?"),), 1.0), range(1), reservation)


async def test_orders_wait_in_line_model_by_model() -> None:
    """First come, first served; the last ones can be taken back, in their order."""
    this = Round([_order(1), _order(2, "b"), _order(3), _order(4), _order(5)])
    assert [this.waiting(model) for model in "abc"] == [4, 1, 0]
    assert [order.reservation for order in this.take_back("a", kept=2)] == [4, 5]
    assert (this.take_back("a", kept=2), this.take_back("c")) == ([], [])
    this.order([_order(6)])
    found = [await this.next("a") for _ in range(3)]
    assert [order.reservation for order in found if order] == [1, 3, 6]
    assert [order.reservation for order in this.orders] == [1, 2, 3, 4, 5, 6]
    this.shared.update({1, 6})
    assert [order.reservation for order in this.unshared()] == [2, 3, 4, 5]


async def test_who_finds_nothing_waits_until_there_is_something_or_never_will_be() -> None:
    """An order that is added is somebody's; all others hear of the end."""
    this = Round([_order(1)])
    this.expect()
    first = await this.next("a")
    waiting = [asyncio.create_task(this.next("a")) for _ in range(2)]
    await asyncio.sleep(0)
    this.order([_order(2)])
    await asyncio.sleep(0)
    for _ in range(3):
        assert not this.over
        this.finish()
    assert this.over
    assert [first, *[one for one in await asyncio.gather(*waiting) if one]] == [_order(1), _order(2)]


def test_as_many_failures_as_are_bearable() -> None:
    """One more, and the model is at fault; what happens after the end is no trouble any more."""
    this = Round([_order(number) for number in range(10)], bearable=2)
    for number in range(2):
        this.fail(_order(number), ProviderError("the line is dead"))
    assert not this.in_trouble
    this.partly.append((_order(2), "filtered"))
    this.judge()
    [trouble] = this.troubles
    assert isinstance(trouble, TooManyFailed)
    assert (trouble.message, trouble.where) == (
        "3 of 10 requests failed, the first with: the line is dead",
        "model 'a'",
    )
    this.halt()
    this.judge()
    assert len(this.troubles) == 1


def test_a_model_that_refuses_is_a_trouble_at_once() -> None:
    """However many failures are bearable."""
    this, refusal = Round([_order(1)], bearable=9), ModelError("no such model")
    this.fail(_order(1), refusal)
    assert (this.in_trouble, this.troubles, this.failures) == (True, [refusal], [])


def test_what_makes_going_on_impossible_is_told_in_the_end() -> None:
    """It ends the round, and stands in it; our own mistakes do not."""
    this = Round([_order(1)])
    with this.enders():
        raise BudgetExhausted("no money")
    assert (this.over, [str(refusal) for refusal in this.refusals]) == (True, ["no money"])
    with pytest.raises(ZeroDivisionError), this.enders():
        _ = 1 // 0
    assert len(this.refusals) == 1
