"""Every sample ever paid for, shared by all studies of a database.

A sample is kept under its request's key and its replicate number; the first one kept there stays. It does not know
whether a sample is right, nor who may spend.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from jointopt.domain import Request, Sample, Spend
from jointopt.storage import accounts, tables
from jointopt.storage.accounts import CHUNK
from jointopt.storage.database import Database
from jointopt.storage.texts import storable

_COLUMNS = [tables.samples.c[field.name] for field in fields(Sample)]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Samples that arrived, the reservation that pays for them, and their true price."""

    request: Request
    samples: Sequence[Sample]
    reservation: int
    spend: Spend


class SamplePool:
    """Keeps samples and finds them again. `study_id` is who pays for what is kept."""

    def __init__(self, database: Database, study_id: int) -> None:
        self.database, self.study_id = database, study_id

    def load(self, request_keys: Iterable[str]) -> dict[str, list[Sample]]:
        """The samples of each request that has any, by replicate."""
        found: dict[str, list[Sample]] = {}
        with self.database.read() as connection:
            for keys in _chunks(request_keys):
                place = tables.samples.c.request_key
                query = select(place, *_COLUMNS).where(place.in_(keys)).order_by(place, tables.samples.c.replicate)
                for key, *values in connection.execute(query):
                    found.setdefault(key, []).append(Sample(*values))
        return found

    def bodies(self, request_keys: Iterable[str]) -> dict[str, Mapping[str, object]]:
        """What was sent, for each request that is known."""
        found: dict[str, Mapping[str, object]] = {}
        with self.database.read() as connection:
            for keys in _chunks(request_keys):
                query = select(tables.requests).where(tables.requests.c.request_key.in_(keys))
                found |= {row.request_key: json.loads(row.body) for row in connection.execute(query)}
        return found

    def keep(self, batch: Sequence[tuple[Request, Sequence[Sample]]]) -> None:
        """Keep samples, in one transaction. One that is already there stays."""
        with self.database.write() as connection:
            self._insert(connection, batch)

    def keep_and_settle(self, batch: Sequence[Settlement]) -> None:
        """Keep samples and settle their true price, both or neither. A second time changes nothing."""
        prices = {settlement.reservation: accounts.amount_of(settlement.spend) for settlement in batch}
        with self.database.write() as connection:
            accounts.settle(self.database, connection, self.study_id, prices)
            self._insert(connection, [(settlement.request, settlement.samples) for settlement in batch])

    def count(self) -> int:
        """How many samples all studies together have."""
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(tables.samples)) or 0

    def failed_counts(self) -> dict[str, int]:
        """How many of this study's samples have no completion, by reason, the most frequent first."""
        error, number = tables.samples.c.error, func.count()
        mine = tables.samples.c.study_id == self.study_id, error.is_not(None)
        query = select(error, number).where(*mine).group_by(error).order_by(number.desc(), error)
        with self.database.read() as connection:
            return {reason: count for reason, count in connection.execute(query)}

    def _insert(self, connection: Connection, batch: Sequence[tuple[Request, Sequence[Sample]]]) -> None:
        bodies = {request.key: storable(_canonical(request.body)) for request, _ in batch}
        rows = [self._row(request.key, sample) for request, samples in batch for sample in samples]
        rows.sort(key=lambda row: (row["request_key"], row["replicate"]))  # one order for all: no deadlocks
        for table, values in (
            (tables.requests, [{"request_key": key, "body": bodies[key]} for key in sorted(bodies)]),
            (tables.samples, rows),
        ):
            if values:
                connection.execute(self.database.insert(table).on_conflict_do_nothing(), values)

    def _row(self, key: str, sample: Sample) -> dict[str, Any]:
        values = {name: _plain(value) for name, value in asdict(sample).items()}
        return {"request_key": key, "study_id": self.study_id, **values}


def _plain(value: Any) -> Any:
    """A value that every driver writes as what it is; SQLite would take numpy's numbers for bytes."""
    if isinstance(value, np.generic):
        return value.item()
    return storable(value) if isinstance(value, str) else value


def _canonical(body: Mapping[str, object]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _chunks(keys: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(set(keys))
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))
