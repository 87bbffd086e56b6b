"""Every sample ever paid for, shared by all studies of a database.

A sample is kept under its request's key and its replicate number; the first one kept there stays. It does not know
whether a sample is right, nor who may spend.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from jointopt.domain import Request, Sample, Spend
from jointopt.storage import accounts, tables
from jointopt.storage.accounts import CHUNK
from jointopt.storage.database import Database
from jointopt.storage.texts import storable

Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]

_NAMES = [field.name for field in fields(Sample)]
_COLUMNS = [tables.samples.c[name] for name in _NAMES]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Samples that arrived, the reservation that pays for them, their true price, and the shared order they end."""

    request: Request
    samples: Sequence[Sample]
    reservation: int
    spend: Spend
    order: int = 0


@dataclass(frozen=True, slots=True)
class Lent:
    """Samples that another study paid for, failed ones left out, and what they cost there."""

    samples: int = 0
    tokens: int = 0
    usd: float = 0.0


class SamplePool:
    """Keeps samples and finds them again.

    Args:
        database: where.
        study_id: who pays for what is kept.
        fetch: told which requests are about to be loaded, so that what lies elsewhere can be brought here first.
    """

    def __init__(
        self, database: Database, study_id: int, fetch: Callable[[Sequence[str]], None] = lambda request_keys: None
    ) -> None:
        self.database, self.study_id, self.fetch = database, study_id, fetch
        # Told, in the transaction that keeps their samples, which shared orders are done.
        self.on_kept: Callable[[Connection, Sequence[int]], None] = lambda connection, orders: None

    def load(self, request_keys: Iterable[str]) -> dict[str, list[Sample]]:
        """The samples of each request that has any, by replicate."""
        wanted = sorted(set(request_keys))
        self.fetch(wanted)
        place = tables.samples.c.request_key

        def work(connection: Connection) -> dict[str, list[Sample]]:
            found: dict[str, list[Sample]] = {}
            for keys in _chunks(wanted):
                mine = select(place, *_COLUMNS).where(place.in_(keys)).order_by(place, tables.samples.c.replicate)
                for key, *values in connection.execute(mine):
                    found.setdefault(key, []).append(Sample(*values))
            return found

        return self.database.query(work)

    def bodies(self, request_keys: Iterable[str]) -> dict[str, Mapping[str, object]]:
        """What was sent, for each request that is known."""
        wanted = sorted(set(request_keys))

        def work(connection: Connection) -> dict[str, Mapping[str, object]]:
            found: dict[str, Mapping[str, object]] = {}
            for keys in _chunks(wanted):
                mine = select(tables.requests).where(tables.requests.c.request_key.in_(keys))
                found |= {row.request_key: json.loads(row.body) for row in connection.execute(mine)}
            return found

        return self.database.query(work)

    def keep(self, batch: Sequence[tuple[Request, Sequence[Sample]]]) -> None:
        """Keep samples, in one transaction. One that is already there stays."""
        rows = self._rows([(request.key, request.body, samples) for request, samples in batch])
        self.database.transact(lambda connection: self._insert(connection, rows))

    def copy(self, lender: "SamplePool", request_keys: Sequence[str]) -> None:
        """Copy what another database's pool holds of some requests and this one lacks."""
        theirs, ours = lender.load(request_keys), self.load(request_keys)
        lacking = {key: samples for key, samples in theirs.items() if len(samples) > len(ours.get(key, ()))}
        if not lacking:
            return
        bodies = lender.bodies(lacking)
        rows = self._rows([(key, bodies[key], samples) for key, samples in lacking.items()])
        self.database.transact(lambda connection: self._insert(connection, rows))

    def keep_and_settle(self, batch: Sequence[Settlement]) -> None:
        """Keep samples and settle their true price, both or neither. A second time changes nothing."""
        prices = {settlement.reservation: accounts.amount_of(settlement.spend) for settlement in batch}
        rows = self._rows([(each.request.key, each.request.body, each.samples) for each in batch])
        shared = [each.order for each in batch if each.order]

        def work(connection: Connection) -> None:
            accounts.settle(self.database, connection, self.study_id, prices)
            self._insert(connection, rows)
            if shared:
                self.on_kept(connection, shared)

        self.database.transact(work)

    def asked(self) -> list[str]:
        """The words of every message of the requests that this study paid for."""
        request = tables.requests.c
        mine = select(tables.samples.c.request_key).where(tables.samples.c.study_id == self.study_id)
        theirs = select(request.body).where(request.request_key.in_(mine))
        bodies = self.database.query(lambda connection: connection.scalars(theirs).all())
        return [message["content"] for body in bodies for message in json.loads(body)["messages"]]

    def count(self) -> int:
        """How many samples all studies together have."""
        every = select(func.count()).select_from(tables.samples)
        return self.database.query(lambda connection: connection.scalar(every) or 0)

    def lent(self, request_keys: Iterable[str]) -> Lent:
        """What other studies paid for, among the samples of some requests."""
        column = tables.samples.c
        tokens = func.sum(column.input_tokens + column.output_tokens)
        others = column.study_id != self.study_id, column.error.is_(None)
        sums, wanted = select(func.count(), tokens, func.sum(column.cost_usd)), sorted(set(request_keys))

        def work(connection: Connection) -> Lent:
            samples, used, usd = 0, 0, 0.0
            for keys in _chunks(wanted):
                more = connection.execute(sums.where(column.request_key.in_(keys), *others)).one()
                samples, used, usd = samples + more[0], used + int(more[1] or 0), usd + (more[2] or 0.0)
            return Lent(samples, used, usd)

        return self.database.query(work)

    def failed_counts(self) -> dict[str, int]:
        """How many of this study's samples have no completion, by reason, the most frequent first."""
        error, number = tables.samples.c.error, func.count()
        mine = tables.samples.c.study_id == self.study_id, error.is_not(None)
        counts = select(error, number).where(*mine).group_by(error).order_by(number.desc(), error)
        found = self.database.query(lambda connection: connection.execute(counts).all())
        return {reason: count for reason, count in found}

    def _rows(self, batch: Sequence[tuple[str, Mapping[str, object], Sequence[Sample]]]) -> Rows:
        """What is to be written: the requests, and their samples."""
        bodies = {key: storable(_canonical(body)) for key, body, _ in batch}
        rows = [self._row(key, sample) for key, _, samples in batch for sample in samples]
        rows.sort(key=lambda row: (row["request_key"], row["replicate"]))  # one order for all: no deadlocks
        return [{"request_key": key, "body": bodies[key]} for key in sorted(bodies)], rows

    def _insert(self, connection: Connection, rows: Rows) -> None:
        for table, values in zip((tables.requests, tables.samples), rows, strict=True):
            if values:
                connection.execute(self.database.insert(table).on_conflict_do_nothing(), values)

    def _row(self, key: str, sample: Sample) -> dict[str, Any]:
        values = {name: _plain(getattr(sample, name)) for name in _NAMES}
        return {"request_key": key, "study_id": self.study_id, **values}


def _plain(value: Any) -> Any:
    """A value that every driver writes as what it is; SQLite would take numpy's numbers for bytes."""
    if isinstance(value, np.generic):
        return value.item()
    return storable(value) if isinstance(value, str) else value


def _canonical(body: Mapping[str, object]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _chunks(wanted: list[str]) -> Iterable[list[str]]:
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))
