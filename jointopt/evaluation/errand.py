"""What is to be bought in one go: reserved for little by little, and ordered. It asks nothing.

What is reserved and not asked for yet counts as paid where a run is killed, so that only a few rounds of requests are
reserved for ahead.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from jointopt.domain import Budget, Request, Spend
from jointopt.errors import BudgetExhausted
from jointopt.evaluation.round import Order, Round
from jointopt.storage import Ledger

AHEAD = 4  # times the requests that may be under way at once
SHARED = 512  # wishes, where other workers buy too
LOOK_S = 0.01  # how often is looked whether few wait

Wish = tuple[Request, range]


class Errand:
    """An errand.

    Args:
        ledger: asked before anything is ordered.
        worst: what so many samples of a request may cost.
        wishes: requests, each with the replicates to buy, in the order in which they are to be had.
        phase: the account that pays.
        cap: the most that it may pay.
    """

    def __init__(
        self,
        ledger: Ledger,
        worst: Callable[[Request, int], Spend],
        wishes: Sequence[Wish],
        phase: str,
        cap: Budget | None,
    ) -> None:
        self.ledger, self.worst, self.phase, self.cap = ledger, worst, phase, cap
        self.rest = list(wishes)  # what nothing is reserved for yet
        self.shares: Callable[[], bool] = lambda: False  # whether other workers buy too
        counts = Counter(request.model.id for request, _ in wishes)
        most = {request.model.id: request.model.concurrency for request, _ in wishes}
        self.places = {model: min(most[model], count) for model, count in counts.items()}
        """Requests that may be under way at once, by model: not more than there are."""

    async def order(self) -> list[Order]:
        """Reserve for the next few wishes, as many as fit.

        Raises:
            BudgetExhausted: not even the first one fits.
            StudyLost: another worker conducts the study by now.
        """
        some = self.rest[: self._portion()]
        reserving = asyncio.ensure_future(asyncio.to_thread(self._reserve, some))
        try:
            ids = await asyncio.shield(reserving)
        except asyncio.CancelledError:
            await asyncio.to_thread(self.ledger.release_many, await reserving)
            raise
        del self.rest[: len(ids)]
        return [Order(*wish, id) for wish, id in zip(some, ids, strict=False)]

    async def order_more(self, this: Round) -> None:
        """Beside a round: order whenever little waits. What does not fit now may fit when true prices are known."""
        try:
            with this.enders(), suppress(BudgetExhausted):  # what is under way may turn out cheaper
                while self.rest and not this.over:
                    if all(this.waiting(model) > many for model, many in self.places.items()):
                        await asyncio.sleep(LOOK_S)
                        continue
                    wanted = min(len(self.rest), self._portion())
                    orders = await self.order()
                    this.order(orders)
                    if len(orders) < wanted:
                        return
        finally:
            this.finish()

    def _portion(self) -> int:
        """How many wishes to reserve for: what waits on a table is not lost with a run, and feeds all its workers."""
        alone = AHEAD * sum(self.places.values())
        return max(SHARED, alone) if self.shares() else alone

    def reserve_again(self, orders: Sequence[Order]) -> list[int]:
        """Money for orders once more; as many reservations as fit.

        Raises:
            BudgetExhausted: not even the first one fits.
        """
        return self._reserve([(order.request, order.replicates) for order in orders])

    def _reserve(self, wishes: Sequence[Wish]) -> list[int]:
        worst = [self.worst(request, len(replicates)) for request, replicates in wishes]
        return self.ledger.reserve_many(worst, phase=self.phase, cap=self.cap)
