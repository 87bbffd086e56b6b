"""Orders that are bought together: what waits to be asked, what has arrived, and what went wrong. It asks nothing."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from jointopt.domain import Request
from jointopt.errors import BudgetExhausted, ModelError, ProviderError, StorageError, StudyLost, TooManyFailed
from jointopt.storage import Settlement


@dataclass(frozen=True, slots=True)
class Order:
    """Replicates to buy, with the reservation that pays for them.

    Attributes:
        request: what is sent.
        replicates: wanted.
        reservation: that pays.
        number: in the table that workers share; 0: this worker's alone.
    """

    request: Request
    replicates: range
    reservation: int
    number: int = 0


class Round:
    """The orders of a round.

    Args:
        orders: all of them wait.
        bearable: how many may fail; beyond it the model, not the question, is at fault.
    """

    def __init__(self, orders: Sequence[Order] = (), bearable: float = float("inf")) -> None:
        self.orders, self.bearable = list(orders), bearable
        self.failures: list[tuple[Order, str]] = []
        self.partly: list[tuple[Order, str]] = []  # some samples came
        self.troubles: list[ModelError] = []
        self.refusals: list[BudgetExhausted | StorageError | StudyLost] = []  # of the budget, or of the database
        self.settled: set[int] = set()  # reservations
        self.shared: set[int] = set()  # likewise: on the table
        self.begun: set[int] = set()  # likewise: asked, and not known to have failed
        self.arrivals: asyncio.Queue[Settlement | None] = asyncio.Queue()
        self.asking: dict[str, int] = {}  # orders under way, by model
        self.stale: list[Order] = []  # taken, and not asked for before the lease ran out
        self.over = False  # nothing more is to be asked
        self._left = len(self.orders)
        self._lines: dict[str, deque[Order]] = {}
        self._sleepers: list[asyncio.Future[None]] = []
        self.add(self.orders)

    @property
    def in_trouble(self) -> bool:
        """Whether going on makes no sense."""
        return bool(self.troubles)

    def unshared(self) -> list[Order]:
        """The orders that no other worker was offered."""
        return [order for order in self.orders if order.reservation not in self.shared]

    def expect(self) -> None:
        """More will be ordered; `finish` says that no more will."""
        self._left += 1

    def order(self, orders: Sequence[Order]) -> None:
        """More of the round's own."""
        self.orders += orders
        self._left += len(orders)
        self.add(orders)

    def add(self, orders: Sequence[Order]) -> None:
        """Have orders wait for their turn."""
        for order in orders:
            self._lines.setdefault(order.request.model.id, deque()).append(order)
        self._wake()

    def waiting(self, model: str) -> int:
        """Orders of a model that nobody has asked for yet."""
        return len(self._lines.get(model, ()))

    def take_back(self, model: str, kept: int = 0) -> list[Order]:
        """The last orders of a model that nobody has asked for yet, but for so many; they wait here no more."""
        line = self._lines.get(model, deque())
        return [line.pop() for _ in range(len(line) - kept)][::-1]

    async def next(self, model: str) -> Order | None:
        """The next order of a model; None when there will be none."""
        while not self.over:
            if self._lines.get(model):
                return self._lines[model].popleft()
            sleeper = asyncio.get_running_loop().create_future()
            self._sleepers.append(sleeper)
            await sleeper
        return None

    def finish(self) -> None:
        """One order has ended."""
        self._left -= 1
        if self._left <= 0:
            self.halt()

    @contextmanager
    def enders(self) -> Iterator[None]:
        """Where going on becomes impossible: it halts the round, and is told when what is under way has ended."""
        try:
            yield
        except (BudgetExhausted, StorageError, StudyLost) as error:
            self.refuse(error)

    def refuse(self, error: BudgetExhausted | StorageError | StudyLost) -> None:
        """Note why going on is impossible."""
        self.refusals.append(error)
        self.halt()

    def halt(self) -> None:
        """Nothing more is asked; what is under way may end."""
        self.over = True
        self._wake()

    def fail(self, order: Order, error: ModelError | ProviderError) -> None:
        """Note that an order could not be had."""
        if isinstance(error, ModelError):
            self.troubles.append(error)
        else:
            self.failures.append((order, error.reason))
            self.judge()

    def judge(self) -> None:
        """Whether too many have failed: that is a trouble. They leave no record, and are asked again another time."""
        failed = self.failures + self.partly
        if len(failed) <= self.bearable or self.over:
            return
        order, reason = failed[0]
        self.troubles.append(
            TooManyFailed(
                f"{len(failed)} of {len(self.orders)} requests failed, the first with: {reason}",
                where=f"model {order.request.model.id!r}",
                mend="mend the endpoint and run the same command again: every sample that arrived is kept",
            )
        )

    def _wake(self) -> None:
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
