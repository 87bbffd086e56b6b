"""The bookkeeping behind the ledger: entries, and accounts that always hold their sums.

An entry's state names the account its amount stands in: `reserved` until the answer comes, `settled` at its true
price, `lost` at its worst price if the run died first; `released` stands in none. Every function works inside a
transaction that someone else opened, so that samples and their price are kept together or not at all. It does not
know the budget.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select, update

from jointopt.domain import Spend
from jointopt.errors import StudyLost
from jointopt.storage.database import Database
from jointopt.storage.tables import accounts, entries, studies

RESERVED, SETTLED, LOST, RELEASED = "reserved", "settled", "lost", "released"
CHUNK = 500  # values in one IN list


class Amount(NamedTuple):
    """A Spend in whole units, so that adding and taking away leave nothing behind."""

    calls: int = 0
    tokens: int = 0
    usd_pico: int = 0

    def plus(self, other: "Amount") -> "Amount":
        """The sum, unit by unit."""
        return Amount(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: "Amount") -> "Amount":
        """The difference, unit by unit."""
        return Amount(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    def spend(self) -> Spend:
        """As the rest of the program counts."""
        return Spend(self.calls, self.tokens, self.usd_pico / 1e12)


class Account(NamedTuple):
    """Which sum: of a phase, in a state."""

    phase: str
    state: str


def amount_of(spend: Spend) -> Amount:
    """A Spend in whole units, to the nearest pico-dollar."""
    return Amount(int(spend.calls), int(spend.tokens), round(spend.usd * 1e12))


def lock(connection: Connection, study_id: int) -> str | None:
    """Let one transaction at a time change a study's accounts; SQLite's transactions already take turns.

    Returns:
        Who runs the study, as long as the transaction lasts.
    """
    mine = select(studies.c.owner).where(studies.c.id == study_id)
    owner: str | None = connection.scalar(mine.with_for_update(key_share=True))
    return owner


def see_held(owner: str | None, worker: str) -> None:
    """See that no other worker conducts a study.

    Args:
        owner: who does, as `lock` tells it.
        worker: who would reserve or order.

    Raises:
        StudyLost: another one does.
    """
    if owner not in (None, worker):
        raise StudyLost(f"worker {owner} conducts the study by now")


def balances(connection: Connection, study_id: int) -> dict[Account, Amount]:
    """Every account of a study, from the kept sums."""
    rows = connection.execute(select(accounts).where(accounts.c.study_id == study_id))
    return {Account(row.phase, row.state): Amount(row.calls, row.tokens, row.usd_pico) for row in rows}


def course(connection: Connection, study_id: int, stretches: int) -> list[tuple[str, int, Amount, float | None]]:
    """Phase, requests and amount of what was paid, and when its last request was reserved, in seconds after the first;
    in so many stretches of the requests as they were made. No time is known of what an older jointopt wrote.
    """
    paid = (entries.c.study_id == study_id) & entries.c.state.in_((SETTLED, LOST))
    ends = func.min(entries.c.id), func.max(entries.c.id), func.min(entries.c.entered_at)
    first, last, begun = connection.execute(select(*ends).where(paid)).one()
    if first is None:
        return []
    stretch = (entries.c.id - first) * stretches // (last - first + 1)
    sums = [func.sum(entries.c[name]) for name in Amount._fields]
    after = func.max(entries.c.entered_at) - begun
    found = select(stretch.label("stretch"), entries.c.phase, func.count(), after, *sums).where(paid)
    rows = connection.execute(found.group_by("stretch", entries.c.phase).order_by("stretch", func.min(entries.c.id)))
    return [(phase, count, Amount(*map(int, amounts)), seconds) for _, phase, count, seconds, *amounts in rows]


def recomputed(connection: Connection, study_id: int) -> dict[Account, Amount]:
    """Every account of a study, summed anew from the entries."""
    sums = [func.sum(entries.c[name]) for name in Amount._fields]
    mine = (entries.c.study_id == study_id) & (entries.c.state != RELEASED)
    key = entries.c.phase, entries.c.state
    rows = connection.execute(select(*key, *sums).where(mine).group_by(*key))
    return {Account(phase, state): Amount(*map(int, sums)) for phase, state, *sums in rows}


def enter(database: Database, connection: Connection, phase: Mapping[str, Any], worst: Sequence[Amount]) -> list[int]:
    """Write reservations; returns their ids in order. `phase` holds what they share: study_id, phase, owner, token."""
    rows = [{**phase, "state": RESERVED, **amount._asdict()} for amount in worst]
    written = entries.insert().values(entered_at=database.clock)
    ids = connection.scalars(written.returning(entries.c.id, sort_by_parameter_order=True), rows).all()
    account = Account(phase["phase"], RESERVED)
    _post(database, connection, phase["study_id"], [(account, amount) for amount in worst])
    return list(ids)


def entered(connection: Connection, study_id: int, token: str) -> list[int]:
    """The ids of the reservations that were written under a token, in order."""
    mine = select(entries.c.id).where(entries.c.token == token, entries.c.study_id == study_id)
    return list(connection.scalars(mine.order_by(entries.c.id)))


def settle(database: Database, connection: Connection, study_id: int, prices: Mapping[int, Amount]) -> None:
    """Give entries their true price, whatever it is.

    What was given up for lost or released and came after all counts; what is settled stays as it is.
    """
    lock(connection, study_id)
    open_ = [entry for entry in _entries(connection, study_id, prices) if entry.state != SETTLED]
    _move(database, connection, study_id, [(entry, SETTLED, prices[entry.id]) for entry in open_])


def release(database: Database, connection: Connection, study_id: int, ids: Iterable[int]) -> None:
    """Give back what was reserved and never asked for, also where it was given up for lost meanwhile: who held it was
    silent, and knows better. What is settled stays settled.
    """
    lock(connection, study_id)
    open_ = [entry for entry in _entries(connection, study_id, ids) if entry.state in (RESERVED, LOST)]
    _move(database, connection, study_id, [(entry, RELEASED, _amount(entry)) for entry in open_])


def give_up(database: Database, connection: Connection, study_id: int, ids: Iterable[int]) -> Amount:
    """Count open entries at their worst price, since the provider may have billed them.

    Returns:
        The sum of those that are lost now, some of them perhaps before.
    """
    lock(connection, study_id)
    found = _entries(connection, study_id, ids)
    _move(database, connection, study_id, [(entry, LOST, _amount(entry)) for entry in found if entry.state == RESERVED])
    return total(_amount(entry) for entry in found if entry.state in (RESERVED, LOST))


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of many."""
    return Amount(*map(sum, zip(Amount(), *amounts, strict=True)))


def _amount(entry: Row[Any]) -> Amount:
    return Amount(entry.calls, entry.tokens, entry.usd_pico)


def _entries(connection: Connection, study_id: int, ids: Iterable[int]) -> list[Row[Any]]:
    wanted = sorted(set(ids))
    found: list[Row[Any]] = []
    for start in range(0, len(wanted), CHUNK):
        chosen = entries.c.id.in_(wanted[start : start + CHUNK])
        found += connection.execute(select(entries).where(chosen, entries.c.study_id == study_id))
    if len(found) < len(wanted):
        raise LookupError(f"no such reservation in study {study_id}: {set(wanted) - {entry.id for entry in found}}")
    return found


def _move(
    database: Database, connection: Connection, study_id: int, moves: Sequence[tuple[Row[Any], str, Amount]]
) -> None:
    """Take each entry out of its account and into another, at a new amount."""
    if not moves:
        return
    statement = update(entries).where(entries.c.id == bindparam("entry"))
    connection.execute(
        statement.values({name: bindparam(name) for name in ("state", *Amount._fields)}),
        [{"entry": entry.id, "state": state, **amount._asdict()} for entry, state, amount in moves],
    )
    left = [(Account(entry.phase, entry.state), Amount().minus(_amount(entry))) for entry, _, _ in moves]
    joined = [(Account(entry.phase, state), amount) for entry, state, amount in moves]
    _post(database, connection, study_id, left + joined)


def _post(database: Database, connection: Connection, study_id: int, changes: Sequence[tuple[Account, Amount]]) -> None:
    """Add changes to the accounts they belong to."""
    sums: defaultdict[Account, Amount] = defaultdict(Amount)
    for account, change in changes:
        sums[account] = sums[account].plus(change)
    rows = [
        {"study_id": study_id, **account._asdict(), **sums[account]._asdict()}
        for account in sorted(sums)
        if account.state != RELEASED
    ]
    insert = database.insert(accounts)
    grown = {name: accounts.c[name] + insert.excluded[name] for name in Amount._fields}
    connection.execute(insert.on_conflict_do_update(index_elements=["study_id", "phase", "state"], set_=grown), rows)
