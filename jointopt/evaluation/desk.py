"""Where the orders of a study are shared out among its workers: what the conductor does beside buying, and what the
others do instead of planning.

It does not know who conducts; whoever does so shares, and all others serve.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jointopt.domain import Message, Model, Request, Sample
from jointopt.errors import BudgetExhausted
from jointopt.evaluation.buyer import Buyer
from jointopt.evaluation.round import Order, Round
from jointopt.storage import Crew, Orders, Posted

SOON_S, SELDOM_S = 0.01, 0.25  # how often the table is looked at: while there is work, and while there is none
AHEAD_S = 0.25  # what is asked within this time is not worth the way over the table, and is taken from there at once
_MOURN_S = 1.0  # how often somebody asks who has died

Reserve = Callable[[Sequence[Order]], list[int]]
Look = Callable[[Order, Sequence[Sample], Round], None]


@dataclass(slots=True)
class _Pause:
    """Longer and longer while nothing happens."""

    seconds: float = SOON_S

    async def rest(self, busy: bool, workers: int = 1) -> None:
        """The more workers there are, the longer: together they look at the table about as often as few do."""
        self.seconds = SOON_S if busy else min(self.seconds * 1.5, SELDOM_S, workers * SOON_S)
        await asyncio.sleep(self.seconds)


class Desk:
    """Shares orders.

    Args:
        orders: of the study.
        crew: its workers.
        models: of the study, judges included, by id.
        buyer: of this worker.
        others: how many workers live, beside this one.
    """

    def __init__(
        self,
        orders: Orders,
        crew: Crew,
        models: Mapping[str, Model],
        buyer: Buyer,
        others: Callable[[], int] = lambda: 0,
    ) -> None:
        self.orders, self.crew, self.models, self.buyer, self.others = orders, crew, models, buyer, others
        self._held: set[int] = set()  # taken by this worker
        self._posted: dict[int, Order] = {}  # by it, and not ended
        self._mourned_s = self._looked_s = 0.0
        self._alone = True

    async def share(self, this: Round, places: Mapping[str, int], reserve: Reserve, look: Look) -> None:
        """Beside a round: post what waits while there are others, buy with them, and gather what they bought.

        Args:
            this: the round.
            places: requests under way at once, by model.
            reserve: finds money for orders once more; as many reservations as fit.
            look: told every order's samples.

        What cannot be gone on with (no money, another conductor, no database) halts the round, and stands in it.
        """
        posted = self._posted = {}
        pause = _Pause()
        with this.enders():
            while not this.over:
                busy = await self._post(this, places, posted) if await self._has_company() else False
                if posted:
                    busy |= await self._take(this, places) | await self._gather(this, posted, look)
                    await self._mourn(this, posted, reserve)
                await pause.rest(busy, 1 + self.others())

    async def clear_away(self, this: Round, places: Mapping[str, int]) -> None:
        """When nothing of a round is under way here any more: leave on the table what others are buying alone."""
        with this.enders():
            await self._put_back(this, places)
            if self._posted:
                await asyncio.to_thread(self.orders.withdraw, list(self._posted))
        self._posted = {}

    async def serve(self, this: Round, going: Callable[[], bool]) -> None:
        """Buy what the conductor posts, for as long as is said."""
        places, pause = {id: model.concurrency for id, model in self.models.items()}, _Pause()
        self.buyer.quiet(False)
        buying = asyncio.create_task(self.buyer.buy(this, places, [self._serve(this, places, pause, going)]))
        try:
            await asyncio.shield(buying)
        except asyncio.CancelledError:  # Ctrl-C: what is on its way is paid for, and kept
            this.halt()
            self.buyer.quiet(True)
            await buying
            raise
        finally:
            if buying.done():
                with this.enders():
                    await self._put_back(this, places)
            self._held.clear()
        for refusal in this.refusals:
            raise refusal

    async def _serve(self, this: Round, places: Mapping[str, int], pause: _Pause, going: Callable[[], bool]) -> None:
        with this.enders():
            while going() and not this.over:
                await pause.rest(await self._take(this, places), 1 + self.others())
        this.halt()

    async def settle_down(self) -> None:
        """Before a study is conducted: clear the table of what an earlier conductor left.

        What a worker that lives is buying is waited for.
        """
        pause = _Pause()
        self._held.clear()
        while holders := await asyncio.to_thread(self.orders.withdraw):
            for dead in holders - await self._living() | holders & {self.orders.worker}:
                await asyncio.to_thread(self.orders.bury, dead)
            await pause.rest(False)

    async def _post(self, this: Round, places: Mapping[str, int], posted: dict[int, Order]) -> bool:
        """Put on the table what this worker cannot ask for soon."""
        kept = {model: max(many, self.buyer.within(model, many, AHEAD_S)) for model, many in places.items()}
        spare = [order for model in places for order in this.take_back(model, kept=kept[model])]
        fresh = [order for order in spare if not order.number]
        this.add([order for order in spare if order.number])
        if fresh:
            numbers = await asyncio.to_thread(self.orders.post, [_written(order) for order in fresh])
            this.shared.update(numbers)
            posted |= {
                number: replace(order, number=number) for order in fresh for number in [numbers[order.reservation]]
            }
        return bool(fresh)

    async def _take(self, this: Round, places: Mapping[str, int]) -> bool:
        """Take what this worker can ask for soon: half as much again as it can ask for at once, at least."""
        busy = False
        await self._put_back(this, ())
        if not self.buyer.holds():
            return busy
        for model, many in places.items():
            asking, waiting = this.asking.get(model, 0), this.waiting(model)
            ahead = max(many // 2, self.buyer.within(model, many, AHEAD_S))
            free = many + ahead - asking - waiting
            if waiting > ahead // 2 or free < 1:
                continue
            taken = await asyncio.to_thread(self.orders.take, model, free)
            fresh = [one for one in taken if one.number not in self._held]
            self._held.update(one.number for one in fresh)
            this.add([self._read(one) for one in fresh])
            busy |= bool(fresh)
        return busy

    async def _put_back(self, this: Round, models: Iterable[str]) -> None:
        """Leave to others what this worker has taken and not asked for, of some models; and what it held too long."""
        unasked = [order for model in models for order in this.take_back(model) if order.number] + this.stale
        this.stale = []
        self._held.difference_update(order.number for order in unasked)
        if unasked:
            await asyncio.to_thread(self.orders.put_back, {order.number: order.reservation for order in unasked})

    async def _gather(self, this: Round, posted: dict[int, Order], look: Look) -> bool:
        """See what has ended, and learn what came."""
        ended = [one for one in await asyncio.to_thread(self.orders.outcomes) if one.number in posted]
        if not ended:
            return False
        orders = {one.number: posted[one.number] for one in ended}
        kept = {orders[one.number].request.key for one in ended if one.error is None}
        found = await asyncio.to_thread(self.buyer.pool.load, kept)
        await asyncio.to_thread(self.orders.forget, list(orders))
        for one in ended:
            order = posted.pop(one.number)
            if one.error is None:
                look(order, [s for s in found[order.request.key] if s.replicate in order.replicates], this)
            else:
                this.fail(order, one.error)
            if this.in_trouble:
                this.halt()
            this.finish()
        return True

    async def _mourn(self, this: Round, posted: dict[int, Order], reserve: Reserve) -> None:
        """Open again what the dead had taken, as far as there is money to buy it a second time."""
        if time.monotonic() - self._mourned_s < _MOURN_S:
            return
        self._mourned_s = time.monotonic()
        holders = await asyncio.to_thread(self.orders.holders)
        for dead in holders - await self._living() - {self.orders.worker}:
            taken = await asyncio.to_thread(self.orders.held_by, dead)
            numbers = [one.number for one in taken if one.number in posted]
            try:
                again = await asyncio.to_thread(reserve, [posted[number] for number in numbers])
            except BudgetExhausted:
                if len(posted) > len(numbers) or any(this.asking.values()):
                    continue  # what is under way may turn out cheaper
                await asyncio.to_thread(self.orders.bury, dead)
                raise
            moves = dict(zip(numbers, again, strict=False))
            await asyncio.to_thread(self.orders.reopen, dead, moves)
            posted |= {number: replace(posted[number], reservation=id) for number, id in moves.items()}

    async def _has_company(self) -> bool:
        """Whether there are others; between two beats it is asked again, so that who joins soon has something to do."""
        if not self.others() and time.monotonic() - self._looked_s > _MOURN_S:
            self._looked_s = time.monotonic()
            self._alone = await self._living() <= {self.orders.worker}
        return self.shares()

    def shares(self) -> bool:
        """Whether there are others, as far as is known."""
        return bool(self.others()) or not self._alone

    async def _living(self) -> set[str]:
        return {one.name for one in await asyncio.to_thread(self.crew.living)}

    def _read(self, one: Posted) -> Order:
        return Order(_request(self.models[one.model], one.call), one.replicates, one.reservation, one.number)


def _written(order: Order) -> Posted:
    request = order.request
    call = {
        "messages": [[message.role, message.content] for message in request.messages],
        "temperature": request.temperature,
        "seed": request.seed,
        "logprobs": request.logprobs,
        "max_tokens": request.model.max_tokens,
        "extra": request.model.extra,
    }
    return Posted(order.reservation, request.key, request.model.id, json.dumps(call), order.replicates)


def _request(model: Model, call: str) -> Request:
    """The request that was written down: as the study has its model, in the mode that was asked for."""
    told = json.loads(call)
    messages = tuple(Message(role, content) for role, content in told["messages"])
    asked = replace(model, max_tokens=told["max_tokens"], extra=told["extra"])
    return Request(asked, messages, told["temperature"], told["seed"], told["logprobs"])
