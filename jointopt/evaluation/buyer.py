"""Asks for what was ordered, and keeps what comes: the part of drawing that every worker does.

Every sample is kept in the same transaction that settles its price, within a moment (`LINGER_S`) of its arrival: a run
that is killed loses only that moment, and what was still on its way. It does not know who ordered, nor why.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from jointopt.domain import Sample, Spend
from jointopt.errors import ModelError, ProviderError, StorageError
from jointopt.evaluation.round import Order, Round
from jointopt.providers import Provider
from jointopt.storage import Orders, SamplePool, Settlement

LINGER_S = 0.05  # what has arrived waits to be written together with what comes next
_FORGETS = 0.1  # of what requests took so far, with every new one


class Buyer:
    """Buys rounds of orders.

    Args:
        providers: by model id.
        pool: where samples are kept.
        orders: where is told that a shared order could not be had; None: nothing is shared.
    """

    def __init__(self, providers: Mapping[str, Provider], pool: SamplePool, orders: Orders | None = None) -> None:
        self.providers, self.pool, self.orders = providers, pool, orders
        self.received: Callable[[Order, Sequence[Sample], Round], None] = lambda order, samples, this: None
        self.kept: Callable[[Sequence[Settlement]], None] = lambda batch: None
        self.holds: Callable[[], bool] = lambda: True  # whether what this worker took is still its own
        self._took_s: dict[str, float] = {}  # a request of a model, of late

    async def buy(self, this: Round, places: Mapping[str, int], beside: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Buy a round to its end, or until it is halted.

        Args:
            this: the round.
            places: requests under way at once, by model.
            beside: what runs as long as the round does.
        """
        writer = asyncio.create_task(self._write(this))
        writer.add_done_callback(lambda done: self._stop(done, this))
        try:
            async with asyncio.TaskGroup() as tasks:
                for other in beside:
                    tasks.create_task(other)
                for model, many in places.items():
                    for _ in range(many):
                        tasks.create_task(self._work(model, this))
        finally:
            this.arrivals.put_nowait(None)
            await asyncio.shield(writer)

    def within(self, model: str, many: int, seconds: float) -> int:
        """How many requests of a model are answered in so much time, if so many are under way at once.

        As requests took of late; 0 where none has been answered yet.
        """
        took_s = self._took_s.get(model)
        return int(many * seconds / max(took_s, 1e-3)) if took_s else 0

    def _stop(self, writer: "asyncio.Task[None]", this: Round) -> None:
        """Where nothing can be kept, nothing more is asked."""
        this.halt()
        if writer.cancelled() or writer.exception() is not None:
            self.quiet(True)

    def quiet(self, halted: bool) -> None:
        """Whether providers are to ask nothing again."""
        for provider in self.providers.values():
            provider.halt(halted)

    async def _work(self, model: str, this: Round) -> None:
        """Ask for orders in turn, as long as all is well."""
        while (order := await this.next(model)) is not None:
            if not self.holds():
                await self._wait_for_lease(order, this)
                continue
            this.begun.add(order.reservation)
            this.asking[model] = this.asking.get(model, 0) + 1
            begun_s = time.monotonic()
            try:
                samples = await self.providers[model].complete(order.request, order.replicates)
            except (ModelError, ProviderError) as error:
                await self._fail(order, error, this)
            except StorageError as error:  # of a pace that is kept in the database
                this.refuse(error)
            else:
                took_s = time.monotonic() - begun_s
                self._took_s[model] = took_s + (1 - _FORGETS) * (self._took_s.get(model, took_s) - took_s)
                self._receive(order, samples, this)
            finally:
                this.asking[model] -= 1
            if this.in_trouble:
                this.halt()
                self.quiet(True)  # nobody goes on waiting for what is not needed any more

    def _receive(self, order: Order, samples: Sequence[Sample], this: Round) -> None:
        spend, number = _true_spend(samples), order.number
        this.arrivals.put_nowait(Settlement(order.request, samples, order.reservation, spend, number))
        if not number:
            self.received(order, samples, this)
            this.finish()

    async def _fail(self, order: Order, error: ModelError | ProviderError, this: Round) -> None:
        this.begun.discard(order.reservation)
        if order.number and this.over:  # who was stopped in mid-try knows nothing of the order: others may have it
            this.stale.append(order)
        elif order.number and self.orders is not None:
            with this.enders():
                await asyncio.to_thread(self.orders.end, order.number, error)
        else:
            this.fail(order, error)
            this.finish()

    async def _wait_for_lease(self, order: Order, this: Round) -> None:
        """Ask for nothing while the lease may have run out: what was taken goes back, what is this worker's waits."""
        if order.number:
            this.stale.append(order)
            return
        await asyncio.sleep(LINGER_S)
        this.add([order])

    async def _write(self, this: Round) -> None:
        """Keep arrivals in groups: what came while the last was being written, and a little longer, is the next one.

        Transactions cost the less a sample the more they keep: writing takes a fifth of the time at most, and nothing
        waits longer than `LINGER_S` to be written.
        """
        open_, writing_s = True, 0.0
        while open_:
            group = [await this.arrivals.get()]
            if group[0] is not None:
                await asyncio.sleep(min(4 * writing_s, LINGER_S))
            while not this.arrivals.empty():
                group.append(this.arrivals.get_nowait())
            open_ = None not in group
            batch = [arrival for arrival in group if arrival is not None]
            if not batch:
                continue
            begun_s = time.monotonic()
            await asyncio.to_thread(self.pool.keep_and_settle, batch)
            writing_s = time.monotonic() - begun_s
            this.settled.update(settlement.reservation for settlement in batch)
            self.kept(batch)


def _true_spend(samples: Sequence[Sample]) -> Spend:
    tokens = sum(sample.input_tokens + sample.output_tokens for sample in samples)
    came = sum(sample.error is None for sample in samples)
    return Spend(came, tokens, sum(sample.cost_usd for sample in samples))
