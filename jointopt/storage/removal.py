"""Deletes a study. What it paid for stays for the other studies of the database, unless that is to go too.

It does not know Optuna's trials, nor whether anybody still works on the study.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, func, select, update

from jointopt.storage import accounts, tables
from jointopt.storage.database import Database
from jointopt.storage.studies import ELSEWHERE

_OWN = (  # tables whose rows belong to one study alone; `samples` and `requests` are shared
    tables.orders,
    tables.workers,
    tables.files,
    tables.findings,
    tables.scorecards,
    tables.entries,
    tables.accounts,
)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a study has, and would lose.

    Attributes:
        samples: it paid for.
        usd: that they cost.
        scorecards: of policies.
    """

    samples: int
    usd: float
    scorecards: int


def weigh(database: Database, study_id: int) -> Loss:
    """What would be lost with a study."""
    sample, card = tables.samples.c, tables.scorecards.c
    paid = select(func.count(), func.coalesce(func.sum(sample.cost_usd), 0.0)).where(sample.study_id == study_id)
    scored = select(func.count()).where(card.study_id == study_id)

    def work(connection: Connection) -> Loss:
        samples, usd = connection.execute(paid).one()
        return Loss(samples, float(usd), connection.scalar(scored) or 0)

    return database.query(work)


def remove(database: Database, study_id: int, *, samples: bool) -> None:
    """Delete a study, all of it or nothing; its name is free again.

    Args:
        database: where it is.
        study_id: which one. Where it is gone already, nothing is done.
        samples: whether those that it paid for go too, and the requests that no sample is left of. Otherwise they keep
            their payer, hidden and under another name.
    """

    def work(connection: Connection) -> None:
        accounts.lock(connection, study_id)
        for table in _OWN:
            connection.execute(delete(table).where(table.c.study_id == study_id))
        if samples:
            _remove_samples(connection, study_id)
        mine = tables.studies.c.id == study_id
        if connection.execute(_paid(study_id).limit(1)).first() is None:
            connection.execute(delete(tables.studies).where(mine))
            return
        name = connection.scalar(select(tables.studies.c.name).where(mine))
        hidden = {"name": f"{name} (deleted, {study_id})", "state": ELSEWHERE, "owner": None, "study_text": "{}"}
        connection.execute(update(tables.studies).where(mine, tables.studies.c.state != ELSEWHERE).values(**hidden))

    database.transact(work)


def _paid(study_id: int) -> Select[tuple[str]]:
    return select(tables.samples.c.request_key).where(tables.samples.c.study_id == study_id)


def _remove_samples(connection: Connection, study_id: int) -> None:
    """The samples that a study paid for, and the requests that they leave without any."""
    request, sample = tables.requests.c, tables.samples.c
    keys = list(connection.scalars(_paid(study_id).distinct()))
    connection.execute(delete(tables.samples).where(sample.study_id == study_id))
    left = select(sample.request_key).where(sample.request_key == request.request_key).exists()
    for start in range(0, len(keys), accounts.CHUNK):
        some = request.request_key.in_(keys[start : start + accounts.CHUNK])
        connection.execute(delete(tables.requests).where(some, ~left))
