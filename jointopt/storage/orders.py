"""Orders that the workers of a study share: replicates to buy, each with the reservation that pays for them.

Whoever conducts posts them; every worker takes open ones, each of them once. What a worker that fell silent had taken
is opened again, with another reservation: the provider may have billed the first. It does not know how samples are
bought.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from jointopt.domain import Spend
from jointopt.errors import KeyRefused, ModelError, ProviderError
from jointopt.storage import accounts
from jointopt.storage.accounts import CHUNK
from jointopt.storage.database import Database
from jointopt.storage.tables import orders
from jointopt.storage.texts import storable

OPEN, TAKEN, KEPT, FAILED, REFUSED = "open", "taken", "kept", "failed", "refused"


@dataclass(frozen=True, slots=True)
class Posted:
    """An order as it is written down.

    Attributes:
        reservation: that pays for it.
        request_key: of the request.
        model: its id in the study.
        call: JSON from which the request can be made again.
        replicates: to buy.
        number: in the table.
    """

    reservation: int
    request_key: str
    model: str
    call: str
    replicates: range
    number: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an order ended: with its samples in the pool, or with an error."""

    number: int
    error: ModelError | ProviderError | None


class Orders:
    """The orders of a study, as one worker sees them.

    Args:
        database: which the workers share.
        study_id: whose.
        worker: the name of this one.
    """

    def __init__(self, database: Database, study_id: int, worker: str) -> None:
        self.database, self.study_id, self.worker = database, study_id, worker
        self.refused: KeyRefused | None = None  # why this worker can buy nothing more
        self._mine = orders.c.study_id == study_id

    def post(self, batch: Sequence[Posted]) -> dict[int, int]:
        """Write orders down for anybody to take, once; returns their numbers by reservation."""

        def work(connection: Connection) -> dict[int, int]:
            self._hold(connection)
            there = self._numbers(connection, batch)
            rows = [self._row(one) for one in batch if one.reservation not in there]
            if rows:
                connection.execute(orders.insert(), rows)
            return self._numbers(connection, batch)

        return self.database.transact(work)

    def take(self, model: str, most: int) -> list[Posted]:
        """Take open orders of a model, the oldest first; none where a model has refused this worker.

        Done again, it gives all that this worker holds: what a lost acknowledgement left taken is among it.
        """
        tried = False

        def work(connection: Connection) -> list[Posted]:
            nonlocal tried
            again, tried = tried, True
            free = (
                select(orders.c.id)
                .where(self._mine, orders.c.state == OPEN, orders.c.model == model)
                .order_by(orders.c.id)
                .limit(most)
                .with_for_update(skip_locked=True)
            )
            chosen = connection.scalars(free).all()
            if chosen:
                taken = update(orders).where(orders.c.id.in_(chosen), orders.c.state == OPEN)
                connection.execute(taken.values(state=TAKEN, worker=self.worker))
            if not chosen and not again:
                return []
            held = self._taken_by(self.worker) & (orders.c.model == model)
            mine = held if again else orders.c.id.in_(chosen)
            return [_posted(row) for row in connection.execute(select(orders).where(mine).order_by(orders.c.id))]

        return [] if self.refused else self.database.transact(work)

    def put_back(self, reservations: Mapping[int, int]) -> None:
        """Open again what this worker has taken and not asked for.

        Of an order that was opened again, or taken off the table, while this worker was silent, the reservation is
        given back: it counts as lost, and nothing was asked.

        Args:
            reservations: by the orders' numbers, as they were taken.
        """

        def work(connection: Connection) -> None:
            accounts.lock(connection, self.study_id)
            for some in _chunks(list(reservations)):
                back = update(orders).where(self._taken_by(self.worker), orders.c.id.in_(some))
                connection.execute(back.values(state=OPEN, worker=None))
                there = select(orders.c.reservation).where(self._mine, orders.c.id.in_(some))
                spare = {reservations[number] for number in some} - set(connection.scalars(there))
                accounts.release(self.database, connection, self.study_id, spare)

        if reservations:
            self.database.transact(work)

    def end(self, number: int, error: ModelError | ProviderError) -> None:
        """Say why an order was not had, and give its reservation back. What this worker is refused others may have."""
        if isinstance(error, KeyRefused):
            self.refused = error
            back = update(orders).where(self._taken_by(self.worker), orders.c.id == number)
            self.database.transact(lambda each: each.execute(back.values(state=OPEN, worker=None)).close())
            return
        state, reason = (REFUSED, _written(error)) if isinstance(error, ModelError) else (FAILED, error.reason)

        def work(connection: Connection) -> None:
            accounts.lock(connection, self.study_id)
            held = select(orders).where(self._taken_by(self.worker), orders.c.id == number).with_for_update()
            row = connection.execute(held).first()
            if row is not None:
                accounts.release(self.database, connection, self.study_id, [row.reservation])
                ended = update(orders).where(orders.c.id == number)
                connection.execute(ended.values(state=state, reason=storable(reason)))

        self.database.transact(work)

    def mark_kept(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Say, in the transaction that keeps the samples, that orders are done.

        One that was opened again meanwhile is done too, if nobody else has taken it. The reservation that an order got
        then is given back; what is settled stays settled.
        """
        for some in _chunks(numbers):
            rows = connection.execute(select(orders).where(self._mine, orders.c.id.in_(some)).with_for_update()).all()
            done = [row for row in rows if row.state == OPEN or (row.state, row.worker) == (TAKEN, self.worker)]
            connection.execute(update(orders).where(orders.c.id.in_([row.id for row in done])).values(state=KEPT))
            accounts.release(self.database, connection, self.study_id, [row.reservation for row in done])

    def outcomes(self) -> list[Outcome]:
        """Every order that has ended."""
        ended = select(orders.c.id, orders.c.state, orders.c.reason)
        mine = ended.where(self._mine, orders.c.state.in_((KEPT, FAILED, REFUSED)))
        rows = self.database.query(lambda connection: connection.execute(mine).all())
        return [Outcome(row.id, _read(row.state, row.reason or "")) for row in rows]

    def forget(self, numbers: Sequence[int]) -> None:
        """Take ended orders off the table."""
        self.database.transact(lambda connection: self._drop(connection, numbers))

    def withdraw(self, numbers: Sequence[int] | None = None) -> set[str]:
        """Take orders off the table that nobody is buying, these or all, and give back what was reserved for them.

        Returns:
            The workers that are buying what stays of them. Where there are none, nothing stays.
        """

        def work(connection: Connection) -> set[str]:
            self._hold(connection)
            return self._withdraw(connection, numbers)

        return self.database.transact(work)

    def clear(self) -> None:
        """Withdraw all where nobody holds the study: it was stopped, and who goes on with it orders anew."""

        def work(connection: Connection) -> None:
            if accounts.lock(connection, self.study_id) is None:
                self._withdraw(connection, None)

        self.database.transact(work)

    def holders(self) -> set[str]:
        """The workers that have taken orders which have not ended."""
        taken = select(orders.c.worker).where(self._mine, orders.c.state == TAKEN).distinct()
        return {name for name in self.database.query(lambda connection: connection.scalars(taken).all()) if name}

    def held_by(self, dead: str) -> list[Posted]:
        """What a worker has taken and not ended."""
        theirs = select(orders).where(self._taken_by(dead)).order_by(orders.c.id)
        return self.database.query(lambda connection: [_posted(row) for row in connection.execute(theirs)])

    def reopen(self, dead: str, reservations: Mapping[int, int]) -> None:
        """Open again what a dead worker had taken, each order under another reservation, by its number.

        The reservations of before are given up at their worst price. Where the worker was not dead after all, and has
        ended the order, the new reservation is given back.
        """

        def work(connection: Connection) -> None:
            self._hold(connection)
            rows = [row for row in self._locked(connection, dead) if row.id in reservations]
            for row in rows:
                again = {"state": OPEN, "worker": None, "reservation": reservations[row.id]}
                connection.execute(update(orders).where(orders.c.id == row.id).values(again))
            accounts.give_up(self.database, connection, self.study_id, [row.reservation for row in rows])
            moved = connection.scalars(
                select(orders.c.reservation).where(orders.c.reservation.in_(list(reservations.values())))
            ).all()
            spare = set(reservations.values()) - set(moved)
            accounts.release(self.database, connection, self.study_id, spare)

        self.database.transact(work)

    def bury(self, dead: str) -> Spend:
        """Take what a dead worker had taken off the table; its reservations are given up, and their sum returned."""

        def work(connection: Connection) -> Spend:
            self._hold(connection)
            rows = self._locked(connection, dead)
            self._drop(connection, [row.id for row in rows])
            lost = accounts.give_up(self.database, connection, self.study_id, [row.reservation for row in rows])
            return lost.spend()

        return self.database.transact(work)

    def _withdraw(self, connection: Connection, numbers: Sequence[int] | None) -> set[str]:
        wanted = None if numbers is None else set(numbers)
        rows = connection.execute(select(orders).where(self._mine).with_for_update()).all()  # who takes some is first
        rows = [row for row in rows if wanted is None or row.id in wanted]
        idle = [row for row in rows if row.state != TAKEN]
        self._drop(connection, [row.id for row in idle])
        spare = [row.reservation for row in idle if row.state == OPEN]
        accounts.release(self.database, connection, self.study_id, spare)
        return {row.worker for row in rows if row.state == TAKEN}

    def _locked(self, connection: Connection, worker: str) -> Sequence[Row[Any]]:
        """What a worker has taken; nobody else changes it as long as the transaction lasts."""
        taken = select(orders).where(self._taken_by(worker)).order_by(orders.c.id)
        return connection.execute(taken.with_for_update()).all()

    def _hold(self, connection: Connection) -> None:
        """See, as long as the transaction lasts, that this worker conducts: only then may it order."""
        accounts.see_held(accounts.lock(connection, self.study_id), self.worker)

    def _taken_by(self, worker: str) -> ColumnElement[bool]:
        return self._mine & (orders.c.state == TAKEN) & (orders.c.worker == worker)

    def _drop(self, connection: Connection, numbers: Sequence[int]) -> None:
        for some in _chunks(numbers):
            connection.execute(delete(orders).where(self._mine, orders.c.id.in_(some)))

    def _numbers(self, connection: Connection, batch: Sequence[Posted]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in _chunks([one.reservation for one in batch]):
            there = select(orders.c.reservation, orders.c.id).where(self._mine, orders.c.reservation.in_(some))
            found |= {reservation: number for reservation, number in connection.execute(there)}
        return found

    def _row(self, one: Posted) -> dict[str, Any]:
        place = {"study_id": self.study_id, "reservation": one.reservation, "request_key": one.request_key}
        replicates = {"first": one.replicates.start, "count": len(one.replicates)}
        return {**place, "model": one.model, "call": one.call, **replicates, "state": OPEN}


def _written(error: ModelError) -> str:
    return json.dumps({"message": error.message, "where": error.where, "mend": error.mend})


def _read(state: str, reason: str) -> ModelError | ProviderError | None:
    """The error that a worker met and wrote down."""
    if state == REFUSED:
        told = json.loads(reason)
        return ModelError(told["message"], where=told["where"], mend=told["mend"])
    return ProviderError(reason) if state == FAILED else None


def _posted(row: Row[Any]) -> Posted:
    replicates = range(row.first, row.first + row.count)
    return Posted(row.reservation, row.request_key, row.model, row.call, replicates, row.id)


def _chunks(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
