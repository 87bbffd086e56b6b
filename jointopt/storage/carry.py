"""A study's rows as plain values, out of one database and into an empty one. It does not know how they travel.

Rows are streamed: neither way holds more than a batch of them in memory. What comes in may have been written by
anybody: every value is held against its column's type, and nothing of it becomes part of a statement.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, exists, select
from sqlalchemy.exc import DataError, IntegrityError

from jointopt.storage import accounts, tables
from jointopt.storage.accounts import CHUNK, RELEASED, Account, Amount
from jointopt.storage.database import Database
from jointopt.storage.studies import ELSEWHERE, Studies
from jointopt.storage.texts import storable

OWN = "own"  # whether the study itself paid for a sample
_AT_ONCE = 500  # rows
_STATES = (accounts.RESERVED, accounts.SETTLED, accounts.LOST, RELEASED)
_MOST = {"INTEGER": 2**31 - 1, "BIGINT": 2**53}
_PRIVATE = {"file", "findings"}  # results that say where the study was run, or are made of the others
_LEFT_OUT: Mapping[str, set[str]] = {
    "requests": set(),
    "samples": {"study_id"},
    "entries": {"id", "study_id", "owner", "token"},  # who reserved it names a machine
    "scorecards": {"study_id"},
    "findings": {"study_id"},
}
CARRIED: Mapping[str, Table] = {name: tables.metadata.tables[f"jointopt_{name}"] for name in _LEFT_OUT}
"""The tables by name, in the order in which they have to come in."""

Values = dict[str, Any]


def rows_of(connection: Connection, study_id: int, name: str, request_keys: Sequence[str]) -> Iterator[Values]:
    """The rows of a table that belong to a study.

    Args:
        connection: in one transaction, so that all tables are of one moment.
        study_id: whose.
        name: of the table, one of `CARRIED`.
        request_keys: of requests whose samples it used, whoever paid for them.
    """
    columns = _columns(name)
    for query in _queries(study_id, name, columns, request_keys):
        for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
            values = row._asdict()
            if name == "samples":
                values[OWN] = values.pop("study_id") == study_id
            if not (name == "findings" and values["key"] in _PRIVATE):
                yield values


def _columns(name: str) -> list[Column[Any]]:
    return [column for column in CARRIED[name].c if column.name not in _LEFT_OUT[name]]


def _queries(study_id: int, name: str, columns: list[Column[Any]], keys: Sequence[str]) -> Iterator[Select[Any]]:
    """What the study paid for, then what others did and it used."""
    table, samples = CARRIED[name], tables.samples.c
    if name not in ("requests", "samples"):
        yield select(*columns).where(table.c.study_id == study_id).order_by(*table.primary_key)
        return
    paid = exists().where(samples.request_key == table.c.request_key, samples.study_id == study_id)
    wanted = [*columns, table.c.study_id] if name == "samples" else columns
    own = table.c.study_id == study_id if name == "samples" else paid
    yield select(*wanted).where(own).order_by(*table.primary_key)
    for start in range(0, len(keys), CHUNK):
        used = table.c.request_key.in_(keys[start : start + CHUNK])
        yield select(*wanted).where(used, ~own).order_by(*table.primary_key)


def bring_in(database: Database, study_id: int, name: str, rows: Iterable[Mapping[str, object]]) -> int:
    """Insert the rows of a table for a study, and return how many there were.

    Raises:
        ValueError: a row does not fit, or is there twice; the message says which column, and what it holds.
        StorageError: the database refuses.
    """
    fit = (_fitting(database, study_id, name, row) for row in rows)
    count, sums = 0, dict[Account, Amount]()
    while batch := list(islice(fit, _AT_ONCE)):
        try:
            with database.write() as connection:
                taken = connection.execute(database.insert(CARRIED[name]).on_conflict_do_nothing(), batch).rowcount
        except (DataError, IntegrityError):
            raise ValueError(f"{name}: a row does not fit the others") from None
        if taken < len(batch):
            raise ValueError(f"{name}: a row is there twice")
        count += len(batch)
        if name == "entries":
            _add(sums, batch)
    if sums:
        _post(database, study_id, sums)
    return count


def _fitting(database: Database, study_id: int, name: str, row: Mapping[str, object]) -> Values:
    """A row as its columns take it."""
    if not isinstance(row, Mapping):
        raise ValueError(f"{name}: {row!r:.60} is no row")
    columns, known = _columns(name), dict(row)
    own = known.pop(OWN, True)
    values = {column.name: _value(name, column, known.pop(column.name, None)) for column in columns}
    if known or not isinstance(own, bool):
        raise ValueError(f"{name}: unknown column {next(iter(known), OWN)!r:.60}")
    if name == "requests":
        return values
    if name == "entries" and values["state"] not in _STATES:
        raise ValueError(f"entries.state: {values['state']!r:.60} is none")
    paid_by = study_id if own else _others(database)
    return values | {"study_id": paid_by} | ({"owner": ""} if name == "entries" else {})


def _value(name: str, column: Column[Any], value: object) -> Any:
    """A value, where it is of the column's type and within its bounds."""
    kind = column.type.python_type
    if value is None and column.nullable:
        return None
    if kind is str and isinstance(value, str) and len(value) <= (getattr(column.type, "length", None) or len(value)):
        return storable(value)
    if kind is int and type(value) is int and 0 <= value <= _MOST[str(column.type).partition("(")[0]]:
        return value
    if kind is float and type(value) in (int, float) and isfinite(number := float(str(value))):
        return number
    raise ValueError(f"{name}.{column.name}: {value!r:.60} is none")


def _others(database: Database) -> int:
    """A study that stands for all others that paid for something."""
    studies = Studies(database)
    row = studies.begin("others", "{}", "", now=0.0)
    if row.state != ELSEWHERE:
        studies.set_state(row.id, ELSEWHERE)
    return row.id


def _add(sums: dict[Account, Amount], batch: Sequence[Values]) -> None:
    for row in batch:
        account = Account(row["phase"], row["state"])
        amount = Amount(row["calls"], row["tokens"], row["usd_pico"])
        sums[account] = sums.get(account, Amount()).plus(amount)


def _post(database: Database, study_id: int, sums: Mapping[Account, Amount]) -> None:
    """The sums of all entries, so that the ledger's books agree."""
    if any(max(amount) > _MOST["BIGINT"] for amount in sums.values()):
        raise ValueError("entries: their sum is more than any study spends")
    rows = [
        {"study_id": study_id, **account._asdict(), **amount._asdict()}
        for account, amount in sorted(sums.items())
        if account.state != RELEASED
    ]
    with database.write() as connection:
        connection.execute(tables.accounts.insert(), rows)
