"""Draws samples: from the pool first; else reserve the worst price, ask, keep, and settle the true one.

Every sample is kept in the same transaction that settles its price, as soon as it arrives: a run that is killed loses
only what was still on its way. It does not know what the samples are for.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jointopt.domain import Budget, Request, Sample, Spend
from jointopt.errors import BudgetExhausted, ModelError, ProviderError
from jointopt.evaluation.readings import Readings
from jointopt.providers import Provider, lacks_logprobs
from jointopt.storage import Ledger, SamplePool, Settlement

MAX_FAILED_SHARE = 0.05  # of one draw; beyond it the model, not the question, is at fault


@dataclass(frozen=True, slots=True)
class Order:
    """Replicates to buy, with the reservation that pays for them."""

    request: Request
    replicates: range
    reservation: int


@dataclass(slots=True)
class Tally:
    """What this run has drawn so far."""

    bought: int = 0
    pooled: int = 0
    failed: int = 0


class Draw:
    """Buys what the pool lacks.

    Args:
        readings: where samples are remembered while the study runs.
        pool: where they are kept.
        ledger: asked before anything is spent.
        providers: by model id.
        on_progress: told after every arrival.
    """

    def __init__(
        self,
        readings: Readings,
        pool: SamplePool,
        ledger: Ledger,
        providers: Mapping[str, Provider],
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.readings, self.pool, self.ledger, self.providers = readings, pool, ledger, providers
        self.on_progress = on_progress
        self.tally = Tally()
        self.deadline_s = float("inf")  # on the monotonic clock
        self._loaded: set[str] = set()
        self._stopped = False

    async def fill(self, wishes: Sequence[tuple[Request, int]], *, phase: str, cap: Budget | None = None) -> None:
        """See that every request has at least so many samples.

        Raises:
            BudgetExhausted: the ledger or the clock refused; what could be afforded has been drawn.
            ModelError: more than `MAX_FAILED_SHARE` of the requests failed; what succeeded is kept.
        """
        self._stopped = False
        wanted: dict[str, tuple[Request, int]] = {}
        for request, n in wishes:  # equal requests are one: their replicates are the same
            wanted[request.key] = request, max(n, wanted.get(request.key, (request, 0))[1])
        self.load([request for request, _ in wanted.values()])
        lacking = [(request, range(len(self.readings.samples(request)), n)) for request, n in wanted.values()]
        self.tally.pooled += sum(
            n - len(missing) for (_, n), (_, missing) in zip(wanted.values(), lacking, strict=True)
        )
        lacking = [(request, missing) for request, missing in lacking if missing]
        while lacking:  # what the worst price holds back at first, the true price may still allow
            if time.monotonic() >= self.deadline_s:
                raise BudgetExhausted("the wall clock's limit is reached")
            worst = [self.worst(request, len(missing)) for request, missing in lacking]
            reservations = self.ledger.reserve_many(worst, phase=phase, cap=cap)
            await self._buy_all([Order(*wish, id) for wish, id in zip(lacking, reservations, strict=False)])
            lacking = lacking[len(reservations) :]

    def load(self, requests: Sequence[Request]) -> None:
        """Take what the pool holds of these requests, once."""
        fresh = [request.key for request in requests if request.key not in self._loaded]
        for key, samples in self.pool.load(fresh).items() if fresh else ():
            self.readings.add(key, samples)
        self._loaded.update(fresh)

    def worst(self, request: Request, n: int) -> Spend:
        """The most that n samples of a request may cost."""
        provider, model = self.providers[request.model.id], request.model
        prompts = n if provider.may_split else 1  # an endpoint that ignores n is asked, and paid, once for each
        tokens_in, tokens_out = prompts * provider.count_tokens(request), n * model.max_tokens
        return Spend(n, tokens_in + tokens_out, provider.price(model).of(tokens_in, tokens_out))

    async def _buy_all(self, orders: Sequence[Order]) -> None:
        """Buy; when stopped (Ctrl-C), ask for nothing more, but wait for what is on its way: it is paid for."""
        buying = asyncio.create_task(self._buy(orders))
        try:
            await asyncio.shield(buying)
        except asyncio.CancelledError:
            self._stopped = True
            await buying
            raise

    async def _buy(self, orders: Sequence[Order]) -> None:
        arrivals: asyncio.Queue[Settlement | None] = asyncio.Queue()
        gates = {model: asyncio.Semaphore(size) for model, size in _concurrency(orders).items()}
        writer = asyncio.create_task(self._write(arrivals))
        failures: list[tuple[Order, ProviderError]] = []
        troubles: list[ModelError] = []

        async def ask(order: Order) -> None:
            async with gates[order.request.model.id]:
                if self._stopped or troubles:  # nothing more is asked, but what is on its way is paid for, and kept
                    return
                try:
                    await arrivals.put(await self._ask(order, troubles))
                except ProviderError as error:
                    failures.append((order, error))
                except ModelError as error:
                    troubles.append(error)

        try:
            async with asyncio.TaskGroup() as tasks:
                for order in orders:
                    tasks.create_task(ask(order))
        finally:
            await self._end(arrivals, writer, orders)
        if troubles:
            raise troubles[0]
        self._record_failures(failures, len(orders))

    async def _ask(self, order: Order, troubles: list[ModelError]) -> Settlement:
        """What came; that no log-probability came with it is a trouble, but it is paid for."""
        samples = await self.providers[order.request.model.id].complete(order.request, order.replicates)
        if lacks_logprobs(order.request, samples):
            troubles.append(no_logprobs(order.request.model.id))
        return Settlement(order.request, samples, order.reservation, _true_spend(samples))

    async def _end(
        self, arrivals: "asyncio.Queue[Settlement | None]", writer: "asyncio.Task[set[int]]", orders: Sequence[Order]
    ) -> None:
        """Keep all that arrived, and give back what was reserved and not used."""
        await arrivals.put(None)
        settled = await asyncio.shield(writer)
        self.ledger.release_many([order.reservation for order in orders if order.reservation not in settled])

    async def _write(self, arrivals: "asyncio.Queue[Settlement | None]") -> set[int]:
        """Keep arrivals in groups: whatever came while the last group was being written is the next one."""
        settled: set[int] = set()
        open_ = True
        while open_:
            group = [await arrivals.get()]
            while not arrivals.empty():
                group.append(arrivals.get_nowait())
            open_ = None not in group
            batch = [arrival for arrival in group if arrival is not None]
            if not batch:
                continue
            await asyncio.to_thread(self.pool.keep_and_settle, batch)
            for settlement in batch:
                self.readings.add(settlement.request.key, settlement.samples)
                self.tally.bought += len(settlement.samples)
                settled.add(settlement.reservation)
            self.on_progress()
        return settled

    def _record_failures(self, failures: Sequence[tuple[Order, ProviderError]], asked: int) -> None:
        """Few failures are records without an answer; many stop the study, and are asked again when it goes on."""
        if not failures:
            return
        self.tally.failed += len(failures)
        if len(failures) > max(1, MAX_FAILED_SHARE * asked):
            order, error = failures[0]
            raise ModelError(
                f"{len(failures)} of {asked} requests failed, the first with: {error.reason}",
                where=f"model {order.request.model.id!r}",
                mend="mend the endpoint and run the same command again: every sample that arrived is kept",
            )
        for order, error in failures:
            samples = [Sample(r, "", finish="error", error=error.reason) for r in order.replicates]
            self.pool.keep([(order.request, samples)])
            self.readings.add(order.request.key, samples)


def no_logprobs(model: str) -> ModelError:
    """The error that a strategy would choose blindly: what arrived is kept, and nothing more is asked."""
    return ModelError(
        "the model gives no log-probabilities, and a strategy selects by them",
        where=f"model {model!r}",
        mend="select by length, stated, a judge or a function of your own (best_of: {by: length}), or use an endpoint "
        "that gives logprobs",
    )


def _concurrency(orders: Sequence[Order]) -> dict[str, int]:
    return {order.request.model.id: order.request.model.concurrency for order in orders}


def _true_spend(samples: Sequence[Sample]) -> Spend:
    tokens = sum(sample.input_tokens + sample.output_tokens for sample in samples)
    return Spend(len(samples), tokens, sum(sample.cost_usd for sample in samples))
