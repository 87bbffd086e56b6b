"""Draws samples: from the pool first; else reserve the worst price, ask, keep, and settle the true one.

Of what the pool holds, a run sees what it asks for and no more: one that goes on after a stop, or beside another study,
decides by the same samples as one that was never disturbed. It does not know what the samples are for.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jointopt.domain import Budget, Model, OnError, Request, Sample, Spend
from jointopt.errors import BudgetExhausted, ModelError
from jointopt.evaluation.buyer import Buyer
from jointopt.evaluation.desk import Desk
from jointopt.evaluation.errand import Errand
from jointopt.evaluation.readings import Readings
from jointopt.evaluation.round import Order, Round
from jointopt.providers import Provider, lacks_logprobs
from jointopt.storage import Crew, Ledger, Orders, SamplePool, Settlement

MOST_FAILED: Mapping[OnError, float] = {"stop": 0.05, "skip": 0.5, "wrong": 0.5}
"""The share of a draw's requests that may fail; beyond it the model, not the question, is at fault."""
LONGEST_S = 365 * 86_400.0  # that a round may take where nothing limits it: no clock bears infinity
AGAIN = 3  # how often other samples are asked for in place of those that could not be had


@dataclass(slots=True)
class Tally:
    """What this run has drawn so far.

    Attributes:
        bought: by it, or by other workers for it.
        pooled: served by the pool.
        failed: requests.
        seen: samples that it sees, wherever they came from.
    """

    bought: int = 0
    pooled: int = 0
    failed: int = 0
    seen: int = 0


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
        self.desk: Desk | None = None  # where orders are shared with other workers
        self._buyer = Buyer(providers, pool)
        self._buyer.received, self._buyer.kept = self._look, self._keep
        self._known: set[str] = set()  # requests that were looked up in the pool
        self._hidden: dict[str, list[Sample]] = {}  # what was found there, and not asked for yet
        self._stopped = False

    def join(
        self,
        orders: Orders,
        crew: Crew,
        models: Mapping[str, Model],
        others: Callable[[], int],
        holds: Callable[[], bool],
    ) -> Desk:
        """Share orders with other workers from now on.

        Args:
            orders: of the study.
            crew: its workers.
            models: of the study, judges included, by id.
            others: how many workers live, beside this one.
            holds: whether this worker's lease has not run out.
        """
        self._buyer.orders, self._buyer.holds = orders, holds
        self.pool.on_kept = orders.mark_kept
        self.desk = Desk(orders, crew, models, self._buyer, others)
        return self.desk

    async def fill(self, wishes: Sequence[tuple[Request, int]], *, phase: str, cap: Budget | None = None) -> None:
        """See that every request has at least so many samples.

        Raises:
            BudgetExhausted: the ledger or the clock refused; what could be afforded has been drawn.
            ModelError: more requests failed than `MOST_FAILED` allows, or a question is never answered; what succeeded
                is kept.
            StudyLost: another worker conducts the study by now.
        """
        self._halt(False)
        wanted = await self.look(wishes)
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

    async def look(self, wishes: Sequence[tuple[Request, int]]) -> dict[str, tuple[Request, int]]:
        """See what the pool has of so many samples of every request; returns the requests by key, each once."""
        wanted: dict[str, tuple[Request, int]] = {}
        for request, n in wishes:  # equal requests are one: their replicates are the same
            wanted[request.key] = request, max(n, wanted.get(request.key, (request, 0))[1])
        await asyncio.to_thread(self._look_up, [request for request, _ in wanted.values()])
        for request, n in wanted.values():
            self._reveal(request, n)
        return wanted

    def load(self, requests: Sequence[Request]) -> None:
        """See all that the pool holds of these requests."""
        self._look_up(requests)
        for request in requests:
            self._see(request.key, self._hidden.pop(request.key, ()))

    def holds_any(self, requests: Sequence[Request]) -> bool:
        """Whether the pool has a sample of any of these requests."""
        self._look_up(requests)
        return any(self._hidden.get(one.key) or self.readings.samples(one) for one in requests)

    def worst(self, request: Request, n: int) -> Spend:
        """The most that n samples of a request may cost."""
        provider, model = self.providers[request.model.id], request.model
        prompts = n if provider.may_split else 1  # an endpoint that ignores n is asked, and paid, once for each
        tokens_in, tokens_out = prompts * provider.count_tokens(request), n * model.max_tokens
        return Spend(n, tokens_in + tokens_out, provider.price(model).most(tokens_in, tokens_out, requests=prompts))

    def _look_up(self, requests: Sequence[Request]) -> None:
        """Fetch what the pool holds of requests, once; it is not seen yet."""
        fresh = [request.key for request in requests if request.key not in self._known]
        for key, samples in self.pool.load(fresh).items() if fresh else ():
            self._hidden[key] = samples
        self._known.update(fresh)

    def _reveal(self, request: Request, n: int) -> None:
        """See so many samples of what was fetched, the first ones; those that could not be had do not count."""
        hidden = self._hidden.get(request.key)
        while hidden and (missing := n - len(self.readings.samples(request))) > 0:
            self._see(request.key, hidden[:missing])
            hidden = self._hidden[request.key] = hidden[missing:]

    def _see(self, key: str, samples: Sequence[Sample]) -> None:
        if samples:
            self.readings.add(key, samples)
            self.tally.seen += len(samples)

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
            errand = Errand(self.ledger, self.worst, lacking, phase, cap)
            errand.shares = self.desk.shares if self.desk else errand.shares
            await self._buy_all(Round(await errand.order(), bearable), errand)
            lacking = errand.rest

    async def _buy_all(self, this: Round, errand: Errand) -> None:
        """Buy; when stopped (Ctrl-C) or out of time, ask for nothing more, but wait for what is paid for."""

        def stop() -> None:
            self._halt(True)
            this.halt()

        left_s = min(self.deadline_s - time.monotonic(), LONGEST_S)
        clock = asyncio.get_running_loop().call_later(left_s, stop)
        buying = asyncio.create_task(self._buy(this, errand))
        try:
            await asyncio.shield(buying)
        except asyncio.CancelledError:
            stop()
            await buying
            raise
        finally:
            clock.cancel()

    def _halt(self, halted: bool) -> None:
        self._stopped = halted
        self._buyer.quiet(halted)

    async def _buy(self, this: Round, errand: Errand) -> None:
        places, desk = errand.places, self.desk
        beside = [desk.share(this, places, errand.reserve_again, self._look)] if desk else []
        if errand.rest:
            this.expect()
            beside.append(errand.order_more(this))
        try:
            await self._buyer.buy(this, places, beside)
        finally:
            if desk:
                await desk.clear_away(this, places)
            spent = this.settled | this.begun  # what was asked and not kept may be billed: it stays reserved
            unused = [order.reservation for order in this.unshared() if order.reservation not in spent]
            await asyncio.to_thread(self.ledger.release_many, unused)
            if this.over and (self._stopped or this.refusals):  # others may buy some of it yet: it is looked up again
                self._known.difference_update(order.request.key for order in this.orders)
        if not self._stopped:  # a run that stops asks once only: what failed so is asked again when it goes on
            for error in (*this.troubles, *this.refusals):
                raise error
            self._record(this)

    def _look(self, order: Order, samples: Sequence[Sample], this: Round) -> None:
        """What came; that no log-probability came with it is a trouble, but it is paid for."""
        if lacks_logprobs(order.request, samples):
            this.troubles.append(no_logprobs(order.request.model.id))
        why = next((sample.error for sample in samples if sample.error), None)
        if why is not None:
            self.tally.failed += 1
            this.partly.append((order, why))
            this.judge()
        if order.number:
            self._see(order.request.key, samples)
            self.tally.bought += 0 if order.reservation in this.settled else len(samples)

    def _keep(self, batch: Sequence[Settlement]) -> None:
        """What this worker bought, and has kept."""
        for settlement in batch:
            self.tally.bought += len(settlement.samples)
            if not settlement.order:  # what was bought for all is seen by who ordered it
                self._see(settlement.request.key, settlement.samples)
        self.on_progress()

    def _record(self, this: Round) -> None:
        """Few failures are records without an answer, with the reason."""
        self.tally.failed += len(this.failures)
        for order, reason in this.failures:
            samples = [Sample(r, "", finish="error", error=reason) for r in order.replicates]
            self.pool.keep([(order.request, samples)])
            self._see(order.request.key, samples)

    def _never_answered(self, requests: Sequence[Request]) -> ModelError:
        """The error that a question is refused however often it is asked: nobody may be judged by it in silence."""
        said = self.pool.load([requests[0].key])[requests[0].key][-1].error
        shown = requests[0].messages[-1].content
        return ModelError(
            f"{len(requests)} questions are never answered, the first ({shown[:60]!r}) with: {said}",
            where=f"model {requests[0].model.id!r}",
            mend="take them out of the examples, or write `on_error: wrong` to count them as wrong answers",
        )


def no_logprobs(model: str) -> ModelError:
    """The error that a strategy would choose blindly: what arrived is kept, and nothing more is asked."""
    return ModelError(
        "the model gives no log-probabilities, and a strategy selects by them",
        where=f"model {model!r}",
        mend="select by length, stated, a judge or a function of your own (best_of: {by: length}), or use an endpoint "
        "that gives logprobs",
    )
