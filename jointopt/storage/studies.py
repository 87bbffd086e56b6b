"""The register of studies: what each began with, and how far it is.

It does not know how to read a study's text.
"""

import json
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, select, update

from jointopt.errors import UnknownStudy
from jointopt.storage.database import Database
from jointopt.storage.tables import findings, studies
from jointopt.storage.texts import storable

ELSEWHERE: Literal["elsewhere"] = "elsewhere"
State = Literal["running", "finished", "stopped", "elsewhere"]
Fence = Callable[[Connection], None]  # raises where what a transaction would write is not for this worker to write


def open_to_all(connection: Connection) -> None:
    """The fence of what anybody may write."""


class StudyRow(NamedTuple):
    """A study as the register knows it.

    Attributes:
        id: number within the database.
        name: unique within the database.
        study_text: the study file, as it was when the study began.
        digest: of everything the study was made from; another digest is another study.
        begun_at: seconds since 1970, by the database's clock.
        state: ``running``, ``finished``, ``stopped``; ``elsewhere``: of another database, named as the payer of samples
            that came from there.
        elapsed_s: wall clock of all its runs together.
    """

    id: int
    name: str
    study_text: str
    digest: str
    begun_at: float
    state: State
    elapsed_s: float


_COLUMNS = [studies.c[name] for name in StudyRow._fields]


class Studies:
    """All studies of a database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, name: str, study_text: str, digest: str, now: float | None = None) -> StudyRow:
        """Write a new study down, or find the one that has this name; whether the digests agree is for you to see."""
        begun_at = self.database.clock if now is None else now
        fresh = {"study_text": storable(study_text), "digest": digest, "begun_at": begun_at}
        row = {"name": storable(name), **fresh, "state": "running", "elapsed_s": 0.0}
        fresh_one = self.database.insert(studies).values(row).on_conflict_do_nothing()
        mine = select(*_COLUMNS).where(studies.c.name == storable(name))

        def work(connection: Connection) -> StudyRow:
            connection.execute(fresh_one)
            return StudyRow._make(connection.execute(mine).one())

        return self.database.transact(work)

    def name_lender(self, row: StudyRow, url: str) -> StudyRow:
        """Name a study of another database as the payer of samples that are copied from there."""
        named = self.begin(f"{row.name} in {url}", row.study_text, row.digest, now=row.begun_at)
        self.set_state(named.id, ELSEWHERE)
        return named._replace(state=ELSEWHERE)

    def amend(self, study_id: int, study_text: str, digest: str) -> None:
        """Let a study go on from a changed text."""
        self._update(study_id, study_text=storable(study_text), digest=digest)

    def find(self, name: str) -> StudyRow:
        """The study of that name.

        Raises:
            UnknownStudy: there is none; names the nearest.
        """
        known = {row.name: row for row in self.all()}
        if name in known:
            return known[name]
        near = get_close_matches(name, known, n=1, cutoff=0.4)
        mend = f"did you mean {near[0]!r}?" if near else f"studies there: {', '.join(known) or 'none yet'}"
        raise UnknownStudy(f"no study of that name in {self.database.url}", where=f"study {name!r}", mend=mend)

    def all(self) -> list[StudyRow]:
        """Every study of this database, in the order they began."""
        mine = select(*_COLUMNS).where(studies.c.state != ELSEWHERE).order_by(studies.c.id)
        return [StudyRow._make(row) for row in self.database.query(lambda connection: connection.execute(mine).all())]

    def names(self) -> list[str]:
        """Every study's name, in the order they began."""
        return [row.name for row in self.all()]

    def set_state(self, study_id: int, state: State) -> None:
        """Say how a study stands."""
        self._update(study_id, state=state)

    def stop(self, study_id: int) -> None:
        """Say that a study is to stop; one that has finished meanwhile has finished."""
        going = update(studies).where(studies.c.id == study_id, studies.c.state == "running").values(state="stopped")
        self.database.transact(lambda connection: connection.execute(going).close())

    def set_elapsed(self, study_id: int, seconds: float) -> None:
        """Say how long all runs of a study took, where they ran elsewhere."""
        self._update(study_id, elapsed_s=seconds)

    def record(self, study_id: int, key: str, value: object, fence: Fence = open_to_all) -> None:
        """Keep a small result, as JSON; the latest one stays.

        Args:
            study_id: whose.
            key: its name.
            value: what is kept.
            fence: raises, in the same transaction, where the result may not be kept.
        """
        insert = self.database.insert(findings).values(study_id=study_id, key=key, value=json.dumps(value))
        latest = {"value": insert.excluded.value}
        statement = insert.on_conflict_do_update(index_elements=["study_id", "key"], set_=latest)

        def work(connection: Connection) -> None:
            fence(connection)
            connection.execute(statement)

        self.database.transact(work)

    def recall(self, study_id: int, key: str) -> Any:
        """A result that was recorded; None where there is none."""
        wanted = select(findings.c.value).where(findings.c.study_id == study_id, findings.c.key == key)
        text = self.database.query(lambda connection: connection.scalar(wanted))
        return None if text is None else json.loads(text)

    def _update(self, study_id: int, **values: Any) -> None:
        statement = update(studies).where(studies.c.id == study_id).values(**values)
        self.database.transact(lambda connection: connection.execute(statement).close())
