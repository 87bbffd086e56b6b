"""Asks for what was ordered, and keeps what comes: the part of drawing that every worker does.

Every sample is kept in the same transaction that settles its price, within a moment (`LINGER_S`) of its arrival: a run
that is killed loses only that moment, and what was still on its way. It does not know who ordered, nor why.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from jointopt.domain import Sample, Spend
from jointopt.errors import ModelError, ProviderError
from jointopt.evaluation.round import Order, Round
from jointopt.providers import Provider
from jointopt.storage import Orders, SamplePool, Settlement

LINGER_S = 0.05  # what has arrived waits to be written together with what comes next


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

    async def buy(self, this: Round, places: Mapping[str, int], beside: Coroutine[Any, Any, None] | None) -> None:
        """Buy a round to its end, or until it is halted.

        Args:
            this: the round.
            places: requests under way at once, by model.
            beside: what runs as long as the round does.
        """
        writer = asyncio.create_task(self._write(this))
        writer.add_done_callback(lambda done: this.halt())  # where nothing can be kept, nothing more is asked
        try:
            async with asyncio.TaskGroup() as tasks:
                if beside is not None:
                    tasks.create_task(beside)
                for model, many in places.items():
                    for _ in range(many):
                        tasks.create_task(self._work(model, this))
        finally:
            this.arrivals.put_nowait(None)
            await asyncio.shield(writer)

    def quiet(self, halted: bool) -> None:
        """Whether providers are to ask nothing again."""
        for provider in self.providers.values():
            provider.halt(halted)

    async def _work(self, model: str, this: Round) -> None:
        """Ask for orders in turn, as long as all is well."""
        while (order := await this.next(model)) is not None:
            if order.number and not self.holds():
                this.stale.append(order)
                continue
            this.asking[model] = this.asking.get(model, 0) + 1
            try:
                samples = await self.providers[model].complete(order.request, order.replicates)
            except (ModelError, ProviderError) as error:
                await self._fail(order, error, this)
            else:
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
        if order.number and self.orders is not None:
            with this.enders():
                await asyncio.to_thread(self.orders.end, order.number, error)
            return
        this.fail(order, error)
        this.finish()

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
