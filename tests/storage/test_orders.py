"""Orders that workers share: whatever becomes of who took one, the money adds up."""

from collections.abc import Callable

from jointopt.domain import Budget, Request, Sample, Spend
from jointopt.storage import Crew, Database, Ledger, Orders, Posted, SamplePool, Settlement

LEAD, BUYER = "elsewhere:1:1", "elsewhere:2:2"


def test_an_order_that_its_own_buyer_takes_again_is_paid_once(
    database: Database, study_id: int, ask: Callable[[str], Request]
) -> None:
    """Silent for a while, a buyer had its order opened again, and took it anew; then the first answer comes. It is
    settled under the first reservation, and the second one is given back.
    """
    assert Crew(database, study_id, name=LEAD).conduct()
    ledger, request = Ledger(database, study_id, Budget(calls=100), owner=LEAD), ask("?")
    lead, buyer = Orders(database, study_id, LEAD), Orders(database, study_id, BUYER)
    first, second = ledger.reserve_many([Spend(4), Spend(4)], "search")
    lead.post([Posted(first, request.key, "m", "{}", range(4))])
    [order] = buyer.take("m", 5)
    lead.reopen(BUYER, {order.number: second})
    [again] = buyer.take("m", 5)
    assert (again.number, again.reservation) == (order.number, second)
    pool = SamplePool(database, study_id)
    pool.on_kept = buyer.mark_kept
    samples = [Sample(number, "said") for number in range(4)]
    pool.keep_and_settle([Settlement(request, samples, first, Spend(4), order.number)])
    assert (ledger.spent(), ledger.reserved(), ledger.lost()) == (Spend(4), Spend(), Spend())
    assert [(one.number, one.error) for one in lead.outcomes()] == [(order.number, None)]
