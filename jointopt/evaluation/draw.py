"""Draws samples: from the pool first; else reserve the worst price, ask, keep, and settle the true one.

Every sample is kept in the same transaction that settles its price, within a moment (`LINGER_S`) of its arrival: a run
that is killed loses only that moment, and what was still on its way. It does not know what the samples are for.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jointopt.domain import Budget, OnError, Request, Sample, Spend
from jointopt.errors import BudgetExhausted, ModelError, ProviderError, TooManyFailed
from jointopt.evaluation.readings import Readings
from jointopt.providers import Provider, lacks_logprobs
from jointopt.storage import Ledger, SamplePool, Settlement

MOST_FAILED: Mapping[OnError, float] = {"stop": 0.05, "skip": 0.5, "wrong": 0.5}
"""The share of a draw's requests that may fail; beyond it the model, not the question, is at fault."""
LINGER_S = 0.05  # what has arrived waits to be written together with what comes next
AGAIN = 3  # how often other samples are asked for in place of those that could not be had


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


@dataclass(slots=True)
class _Round:
    """One round of buying: what has arrived and is not yet written, and what went wrong."""

    orders: Sequence[Order]
    bearable: float  # failures
    arrivals: "asyncio.Queue[Settlement | None]" = field(default_factory=asyncio.Queue)
    failures: list[tuple[Order, str]] = field(default_factory=list)
    partly: list[tuple[Order, str]] = field(default_factory=list)  # some samples came
    troubles: list[ModelError] = field(default_factory=list)


class Draw:
    """Buys what the pool lacks.

    Args:
        readings: where samples are remembered while the study runs.
        pool: where they are kept.
        ledger: asked before anything is spent.
        providers: by model id.
        on_progress: told after every arrival.
        on_error: what becomes of a sample that cannot be had.
    """

    def __init__(
        self,
        readings: Readings,
        pool: SamplePool,
        ledger: Ledger,
        providers: Mapping[str, Provider],
        on_progress: Callable[[], None] = lambda: None,
        on_error: OnError = "stop",
    ) -> None:
        self.readings, self.pool, self.ledger, self.providers = readings, pool, ledger, providers
        self.on_progress, self.on_error = on_progress, on_error
        self.tally = Tally()
        self.deadline_s = float("inf")  # on the monotonic clock
        self._loaded: set[str] = set()
        self._stopped = False

    async def fill(self, wishes: Sequence[tuple[Request, int]], *, phase: str, cap: Budget | None = None) -> None:
        """See that every request has at least so many samples.

        Raises:
            BudgetExhausted: the ledger or the clock refused; what could be afforded has been drawn.
            ModelError: more requests failed than `MOST_FAILED` allows, or a question is never answered; what succeeded
                is kept.
        """
        self._halt(False)
        wanted: dict[str, tuple[Request, int]] = {}
        for request, n in wishes:  # equal requests are one: their replicates are the same
            wanted[request.key] = request, max(n, wanted.get(request.key, (request, 0))[1])
        self.load([request for request, _ in wanted.values()])
        lacking = self._lacking(wanted.values())
        self.tally.pooled += sum(n for _, n in wanted.values()) - sum(len(missing) for _, missing in lacking)
        bearable = max(1, MOST_FAILED[self.on_error] * len(lacking))
        for _ in range(AGAIN):
            if not lacking:
                return
            await self._fill(lacking, bearable, phase, cap)
            lacking = self._lacking(wanted.values())
        if lacking:
            raise self._never_answered([request for request, _ in lacking])

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
        return Spend(n, tokens_in + tokens_out, provider.price(model).most(tokens_in, tokens_out, requests=prompts))

    def _lacking(self, wanted: Iterable[tuple[Request, int]]) -> list[tuple[Request, range]]:
        """The replicates to ask for, so that each request has its number of samples."""
        found = []
        for request, n in wanted:
            missing = n - len(self.readings.samples(request))
            if missing > 0:
                start = self.readings.next_replicate(request)
                found.append((request, range(start, start + missing)))
        return found

    async def _fill(
        self, lacking: Sequence[tuple[Request, range]], bearable: float, phase: str, cap: Budget | None
    ) -> None:
        """Reserve and buy; what the worst price holds back at first, the true price may still allow."""
        while lacking:
            if time.monotonic() >= self.deadline_s:
                raise BudgetExhausted("the wall clock's limit is reached")
            worst = [self.worst(request, len(missing)) for request, missing in lacking]
            reservations = self.ledger.reserve_many(worst, phase=phase, cap=cap)
            orders = [Order(*wish, id) for wish, id in zip(lacking, reservations, strict=False)]
            await self._buy_all(_Round(orders, bearable))
            lacking = lacking[len(reservations) :]

    async def _buy_all(self, this: _Round) -> None:
        """Buy; when stopped (Ctrl-C), ask for nothing more, but wait for what is on its way: it is paid for."""
        buying = asyncio.create_task(self._buy(this))
        try:
            await asyncio.shield(buying)
        except asyncio.CancelledError:
            self._halt(True)
            await buying
            raise

    def _halt(self, halted: bool) -> None:
        self._stopped = halted
        self._quiet(halted)

    def _quiet(self, halted: bool) -> None:
        """Whether providers are to ask nothing again."""
        for provider in self.providers.values():
            provider.halt(halted)

    async def _buy(self, this: _Round) -> None:
        writer = asyncio.create_task(self._write(this.arrivals))
        try:
            async with asyncio.TaskGroup() as tasks:
                for mine in _by_model(this.orders):
                    queue = iter(mine)
                    for _ in range(min(mine[0].request.model.concurrency, len(mine))):
                        tasks.create_task(self._work(queue, this))
        finally:
            await self._end(this, writer)
        if this.troubles:
            raise this.troubles[0]
        if not self._stopped:  # a run that stops asks once only: what failed so is asked again when it goes on
            self._record(this)

    async def _work(self, queue: Iterator[Order], this: _Round) -> None:
        """Ask for orders in turn, as long as all is well."""
        for order in queue:
            if self._stopped or this.troubles:  # nothing more is asked; what is on its way is paid for, and kept
                return
            try:
                samples = await self.providers[order.request.model.id].complete(order.request, order.replicates)
            except ProviderError as error:
                this.failures.append((order, error.reason))
            except ModelError as error:
                this.troubles.append(error)
            else:
                self._receive(order, samples, this)
            if len(this.failures) + len(this.partly) > this.bearable and not self._stopped:
                this.troubles.append(_too_many(this))
            if this.troubles:  # nobody goes on waiting for what is not needed any more
                self._quiet(True)

    def _receive(self, order: Order, samples: Sequence[Sample], this: _Round) -> None:
        """What came; that no log-probability came with it is a trouble, but it is paid for."""
        if lacks_logprobs(order.request, samples):
            this.troubles.append(no_logprobs(order.request.model.id))
        why = next((sample.error for sample in samples if sample.error), None)
        if why is not None:
            self.tally.failed += 1
            this.partly.append((order, why))
        this.arrivals.put_nowait(Settlement(order.request, samples, order.reservation, _true_spend(samples)))

    async def _end(self, this: _Round, writer: "asyncio.Task[set[int]]") -> None:
        """Keep all that arrived, and give back what was reserved and not used."""
        this.arrivals.put_nowait(None)
        settled = await asyncio.shield(writer)
        self.ledger.release_many([order.reservation for order in this.orders if order.reservation not in settled])

    async def _write(self, arrivals: "asyncio.Queue[Settlement | None]") -> set[int]:
        """Keep arrivals in groups: what came while the last was being written, and a little longer, is the next one.

        Transactions cost the less a sample the more they keep: writing takes a fifth of the time at most, and nothing
        waits longer than `LINGER_S` to be written.
        """
        settled: set[int] = set()
        open_, writing_s = True, 0.0
        while open_:
            group = [await arrivals.get()]
            if group[0] is not None:
                await asyncio.sleep(min(4 * writing_s, LINGER_S))
            while not arrivals.empty():
                group.append(arrivals.get_nowait())
            open_ = None not in group
            batch = [arrival for arrival in group if arrival is not None]
            if not batch:
                continue
            begun_s = time.monotonic()
            await asyncio.to_thread(self.pool.keep_and_settle, batch)
            writing_s = time.monotonic() - begun_s
            for settlement in batch:
                self.readings.add(settlement.request.key, settlement.samples)
                self.tally.bought += len(settlement.samples)
                settled.add(settlement.reservation)
            self.on_progress()
        return settled

    def _record(self, this: _Round) -> None:
        """Few failures are records without an answer, with the reason."""
        self.tally.failed += len(this.failures)
        for order, reason in this.failures:
            samples = [Sample(r, "", finish="error", error=reason) for r in order.replicates]
            self.pool.keep([(order.request, samples)])
            self.readings.add(order.request.key, samples)

    def _never_answered(self, requests: Sequence[Request]) -> ModelError:
        """The error that a question is refused however often it is asked: nobody may be judged by it in silence."""
        said = self.pool.load([requests[0].key])[requests[0].key][-1].error
        shown = requests[0].messages[-1].content
        return ModelError(
            f"{len(requests)} questions are never answered, the first ({shown[:60]!r}) with: {said}",
            where=f"model {requests[0].model.id!r}",
            mend="take them out of the examples, or write `on_error: wrong` to count them as wrong answers",
        )


def _too_many(this: _Round) -> TooManyFailed:
    """Many failures stop the study; they leave no record, and are asked again when it goes on."""
    failed = this.failures + this.partly
    order, reason = failed[0]
    return TooManyFailed(
        f"{len(failed)} of {len(this.orders)} requests failed, the first with: {reason}",
        where=f"model {order.request.model.id!r}",
        mend="mend the endpoint and run the same command again: every sample that arrived is kept",
    )


def no_logprobs(model: str) -> ModelError:
    """The error that a strategy would choose blindly: what arrived is kept, and nothing more is asked."""
    return ModelError(
        "the model gives no log-probabilities, and a strategy selects by them",
        where=f"model {model!r}",
        mend="select by length, stated, a judge or a function of your own (best_of: {by: length}), or use an endpoint "
        "that gives logprobs",
    )


def _by_model(orders: Sequence[Order]) -> list[list[Order]]:
    """The orders of each model, in their order."""
    found: dict[str, list[Order]] = {}
    for order in orders:
        found.setdefault(order.request.model.id, []).append(order)
    return list(found.values())


def _true_spend(samples: Sequence[Sample]) -> Spend:
    tokens = sum(sample.input_tokens + sample.output_tokens for sample in samples)
    came = sum(sample.error is None for sample in samples)
    return Spend(came, tokens, sum(sample.cost_usd for sample in samples))
