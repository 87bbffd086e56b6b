"""Any course that orders, answers, failures and deaths may take: no instant sees the budget exceeded, and every
completion that a provider has billed stands in the ledger.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import pytest

from jointopt.domain import Budget, Request, Sample, Spend
from jointopt.errors import BudgetExhausted, ProviderError
from jointopt.storage import Crew, Database, Ledger, Orders, Posted, SamplePool, Settlement

BUDGET, STEPS = 80, 160
LEAD = "elsewhere:1:1"


@dataclass
class Buyer:
    """A worker that buys: what it has taken, and what it has asked of that."""

    orders: Orders
    taken: list[Posted] = field(default_factory=list)
    asked: list[Posted] = field(default_factory=list)


class Course:
    """A study whose workers do one thing after the other, as drawn by lot.

    Args:
        database: of the study.
        study_id: whose.
        ask: makes a request.
        seed: of the lot.
    """

    def __init__(self, database: Database, study_id: int, ask: Callable[[str], Request], seed: int) -> None:
        assert Crew(database, study_id, name=LEAD).conduct()
        self.ledger = Ledger(database, study_id, Budget(calls=BUDGET), owner=LEAD)
        self.lead, self.pool = Orders(database, study_id, LEAD), SamplePool(database, study_id)
        self.rng, self.ask = Random(seed), ask
        self.buyers = [Buyer(Orders(database, study_id, f"elsewhere:{number}:1")) for number in (2, 3)]
        self.requests: dict[int, Request] = {}  # by order
        self.sizes: dict[int, int] = {}  # likewise: replicates, and what they cost at worst
        self.bill = 0  # of the provider

    def step(self) -> None:
        """Do something."""
        buyer = self.rng.choice(self.buyers)
        for_one = {self.take: 5, self.send: 8, self.answer: 5, self.fail: 1, self.put_back: 1}
        for_all = {self.post: 3, self.mourn: 1, self.withdraw: 1, self.gather: 2}
        act = self.rng.choices([*for_one, *for_all], [*for_one.values(), *for_all.values()])[0]
        act(buyer)

    def post(self, _: Buyer) -> None:
        """Order something new, as far as there is money."""
        sizes = [self.rng.randint(1, 4) for _ in range(3)]
        with suppress(BudgetExhausted):
            ids = self.ledger.reserve_many([Spend(size) for size in sizes], "search")
            requests = [self.ask(f"{id}?") for id in ids]
            batch = [
                Posted(id, request.key, "m", "{}", range(size))
                for id, request, size in zip(ids, requests, sizes, strict=False)
            ]
            numbers = self.lead.post(batch)
            for one, request in zip(batch, requests, strict=True):
                number = numbers[one.reservation]
                self.requests[number], self.sizes[number] = request, len(one.replicates)

    def take(self, buyer: Buyer) -> None:
        """Take orders; what a worker holds already it does not begin anew."""
        held = {one.number for one in buyer.taken + buyer.asked}
        buyer.taken += [one for one in buyer.orders.take("m", 2) if one.number not in held]

    def send(self, buyer: Buyer) -> None:
        """Ask for something that was taken: the provider bills it at once."""
        if buyer.taken:
            one = buyer.taken.pop(self.rng.randrange(len(buyer.taken)))
            buyer.asked.append(one)
            self.bill += len(one.replicates)

    def answer(self, buyer: Buyer) -> None:
        """Keep what was asked, whatever has become of the order meanwhile."""
        if buyer.asked:
            one = buyer.asked.pop(self.rng.randrange(len(buyer.asked)))
            samples = [Sample(number, "said") for number in one.replicates]
            self.pool.on_kept = buyer.orders.mark_kept
            spend = Spend(len(one.replicates))
            self.pool.keep_and_settle(
                [Settlement(self.requests[one.number], samples, one.reservation, spend, one.number)]
            )

    def fail(self, buyer: Buyer) -> None:
        """Fail to ask for something."""
        if buyer.taken:
            buyer.orders.end(buyer.taken.pop().number, ProviderError("the line is dead"))

    def put_back(self, buyer: Buyer) -> None:
        """Leave to others what was taken and not asked."""
        buyer.orders.put_back({one.number: one.reservation for one in buyer.taken})
        buyer.taken = []

    def mourn(self, _: Buyer) -> None:
        """Take a worker for dead, which does not know it: open again what there is money for, else bury it."""
        dead = self.rng.choice(self.buyers).orders.worker
        numbers = [one.number for one in self.lead.held_by(dead)]
        try:
            again = self.ledger.reserve_many([Spend(self.sizes[number]) for number in numbers], "search")
        except BudgetExhausted:
            self.lead.bury(dead)
        else:
            self.lead.reopen(dead, dict(zip(numbers, again, strict=False)))

    def withdraw(self, _: Buyer) -> None:
        """Take some orders off the table."""
        self.lead.withdraw(self.rng.sample(sorted(self.sizes), len(self.sizes) // 4))

    def gather(self, _: Buyer) -> None:
        """Forget what has ended."""
        self.lead.forget([one.number for one in self.lead.outcomes()])

    def come_to_rest(self) -> None:
        """All answers come, and nothing is left on the table."""
        for buyer in self.buyers:
            self.put_back(buyer)
            while buyer.asked:
                self.answer(buyer)
        assert self.lead.withdraw() <= {buyer.orders.worker for buyer in self.buyers}
        for buyer in self.buyers:
            self.lead.bury(buyer.orders.worker)


@pytest.mark.parametrize("seed", range(5))
def test_the_ledger_holds_whatever_happens(
    database: Database, study_id: int, ask: Callable[[str], Request], seed: int
) -> None:
    """What is spent and reserved covers what was billed and is within the budget, at every instant. In the end nothing
    is reserved, and what is settled is the bill: all that was given up for lost and answered after all is part of it.
    """
    course = Course(database, study_id, ask, seed)
    for _ in range(STEPS):
        course.step()
        promised = course.ledger.spent().calls + course.ledger.reserved().calls
        assert course.bill <= promised <= BUDGET
        assert course.ledger.audit() == []
    course.come_to_rest()
    settled = course.ledger.spent().calls - course.ledger.lost().calls
    assert (settled, course.ledger.reserved()) == (course.bill, Spend())
    assert course.bill > BUDGET / 4
