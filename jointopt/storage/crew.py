"""The workers of a study: who has joined, who lives, and which one of them conducts.

A worker lives as long as its lease, which it renews with every beat; all leases go by the database's clock, so that
workers need not agree about the time. The one that conducts holds the study; when its lease has run out, or its process
is gone, another may take it. The study's wall clock runs while any of them lives. It does not know what a worker does.
"""

from importlib.metadata import version
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from jointopt.errors import StorageError
from jointopt.storage.database import Database
from jointopt.storage.owners import gone, host_of, lives, this_process
from jointopt.storage.studies import ELSEWHERE, State
from jointopt.storage.tables import studies, workers

LEASE_S = 15.0  # how long a silent worker keeps what it holds
BEATS = 3  # in a lease
_STALE_LEASES = 20  # after so many a silent worker's row is swept away


class Beat(NamedTuple):
    """What a worker learns when it beats.

    Attributes:
        state: of the study; `elsewhere` where it has been deleted.
        conducts: whether this worker holds it.
        conducted: whether a worker that lives does.
        others: workers that live, beside this one.
        elapsed_s: wall clock of the study so far.
    """

    state: State
    conducts: bool
    conducted: bool
    others: int
    elapsed_s: float


class Member(NamedTuple):
    """A worker that lives.

    Attributes:
        name: ``host:pid:start:machine:number``.
        version: of its jointopt.
        conducts: whether it holds the study.
    """

    name: str
    version: str
    conducts: bool


class Crew:
    """One worker among those of a study.

    Args:
        database: which they share.
        study_id: whose.
        name: of this worker; this process by default.
        lease_s: how long it keeps what it holds when it falls silent.
    """

    def __init__(self, database: Database, study_id: int, *, name: str | None = None, lease_s: float = LEASE_S) -> None:
        self.database, self.study_id, self.lease_s = database, study_id, lease_s
        self.name, self.version = name or this_process(), version("jointopt")

    def join(self) -> None:
        """Become one of the workers. Whoever is the first says which version of jointopt the study runs under.

        The wall clock of workers that all died is counted until the last beat, and for one beat more.

        Raises:
            StorageError: a worker of another version is there, or, on SQLite, of another host.
        """

        def work(connection: Connection) -> None:
            mine = studies.c.id == self.study_id
            held = connection.execute(select(studies).where(mine).with_for_update(key_share=True)).first()  # in turn
            others = [one for one in self._living(connection) if one.name != self.name]
            for one in others:
                self._refuse(one)
            self._renew(connection)
            if held is not None and not others:
                now = self.database.now(connection)
                silent_s = now - held.beat_at if held.owner and held.beat_at else 0.0
                counted_s = held.elapsed_s + min(max(silent_s, 0.0), self.lease_s / BEATS)
                connection.execute(
                    update(studies).where(mine).values(version=self.version, beat_at=now, elapsed_s=counted_s)
                )

        self.database.transact(work)

    def beat(self) -> Beat:
        """Renew the lease, and look round; the wall clock of a study that runs is counted."""

        def work(connection: Connection) -> Beat:
            state = connection.scalar(select(studies.c.state).where(studies.c.id == self.study_id))
            if state in (None, ELSEWHERE):  # it has been deleted
                return Beat(ELSEWHERE, conducts=False, conducted=False, others=0, elapsed_s=0.0)
            self._renew(connection)
            self._count_time(connection)
            row = connection.execute(
                select(studies.c.state, studies.c.owner, studies.c.elapsed_s).where(studies.c.id == self.study_id)
            ).one()
            living = self._living(connection)
            conducted = any(one.conducts for one in living)
            others = sum(one.name != self.name for one in living)
            return Beat(row.state, row.owner == self.name, conducted, others, row.elapsed_s)

        return self.database.transact(work)

    def conduct(self, *, again: bool = False) -> bool:
        """Take hold of the study, if nobody who lives holds it. Returns whether this worker holds it now.

        Args:
            again: whether one that is stopped is set running; a finished one stays finished.
        """

        def work(connection: Connection) -> bool:
            mine = studies.c.id == self.study_id
            held = connection.execute(select(studies).where(mine).with_for_update(key_share=True)).first()
            now = self.database.now(connection)
            if held is None or (held.state != "running" and not (again and held.state == "stopped")):
                return False
            if held.owner not in (None, self.name) and self._lives(connection, held.owner, now):
                return False
            counted = held.state == "running" and held.beat_at is not None
            until = held.beat_at if counted else now  # while it was stopped, its clock stood still
            connection.execute(update(studies).where(mine).values(owner=self.name, beat_at=until, state="running"))
            return True

        return self.database.transact(work)

    def step_down(self, state: State) -> None:
        """Let go of the study, and say how it stands; changes nothing where another worker holds it."""

        def work(connection: Connection) -> None:
            self._count_time(connection)
            mine = (studies.c.id == self.study_id) & (studies.c.owner == self.name)
            going = mine & (studies.c.state == "running") if state == "running" else mine  # a stop stays a stop
            connection.execute(update(studies).where(going).values(state=state))
            connection.execute(update(studies).where(mine).values(owner=None))

        self.database.transact(work)

    def leave(self) -> None:
        """Be a worker no more; the last one that leaves a study that has not finished leaves it stopped."""

        def work(connection: Connection) -> None:
            row = studies.c.id == self.study_id
            connection.execute(select(studies.c.id).where(row).with_for_update(key_share=True))  # one at a time
            mine = (workers.c.study_id == self.study_id) & (workers.c.name == self.name)
            connection.execute(delete(workers).where(mine))
            connection.execute(update(studies).where(row, studies.c.owner == self.name).values(owner=None))
            idle = row & (studies.c.state == "running") & studies.c.owner.is_(None)
            if not self._living(connection):
                connection.execute(update(studies).where(idle).values(state="stopped"))

        self.database.transact(work)

    def living(self) -> list[Member]:
        """The workers that live, in the order in which they joined."""
        return self.database.query(self._living)

    def idle_s(self) -> float:
        """For how long nobody has worked on the study, in seconds by the database's clock; 0 while a worker lives."""

        def work(connection: Connection) -> float:
            if self._living(connection):
                return 0.0
            said = func.coalesce(studies.c.beat_at, studies.c.begun_at)
            last = connection.scalar(select(said).where(studies.c.id == self.study_id))
            return 0.0 if last is None else max(self.database.now(connection) - last, 0.0)

        return self.database.query(work)

    def _refuse(self, one: Member) -> None:
        """See that this worker can work together with another one."""
        where = f"worker {one.name}"
        if one.version != self.version:
            message = f"runs jointopt {one.version}, and this one is {self.version}"
            raise StorageError(message, where=where, mend="install the same version everywhere; samples are kept")
        if self.database.engine.dialect.name == "sqlite" and host_of(one.name) != host_of(self.name):
            message = f"works on the study from another host, and {self.database.url} is an SQLite file"
            mend = "SQLite serves one machine: name a PostgreSQL server as storage, or wait until that worker has ended"
            raise StorageError(message, where=where, mend=mend)

    def _renew(self, connection: Connection) -> None:
        """This worker's row, with a fresh lease; rows of those long silent are swept away."""
        now, insert = self.database.now(connection), self.database.insert(workers)
        until = now + self.lease_s
        row = {"study_id": self.study_id, "name": self.name, "version": self.version, "expires_at": until}
        connection.execute(
            insert.values(row).on_conflict_do_update(index_elements=["study_id", "name"], set_={"expires_at": until})
        )
        long_ago = workers.c.expires_at < now - _STALE_LEASES * self.lease_s
        connection.execute(delete(workers).where(workers.c.study_id == self.study_id, long_ago))

    def _count_time(self, connection: Connection) -> None:
        """Add what has passed since any worker's last beat to the wall clock of a study that runs, or that this worker
        has been told to stop and still holds.
        """
        mine = studies.c.id == self.study_id
        going = mine & ((studies.c.state == "running") | (studies.c.owner == self.name))
        columns = select(studies.c.beat_at, studies.c.elapsed_s)
        held = connection.execute(
            columns.where(going, studies.c.beat_at.is_not(None)).with_for_update(key_share=True)
        ).first()
        if held is None:
            return
        now = self.database.now(connection)
        passed_s = min(max(now - held.beat_at, 0.0), self.lease_s)  # machines that all slept did not work
        connection.execute(update(studies).where(mine).values(beat_at=now, elapsed_s=held.elapsed_s + passed_s))

    def _living(self, connection: Connection) -> list[Member]:
        now = self.database.now(connection)
        owner = connection.scalar(select(studies.c.owner).where(studies.c.id == self.study_id))
        mine = select(workers).where(workers.c.study_id == self.study_id).order_by(workers.c.id)
        return [
            Member(row.name, row.version, row.name == owner)
            for row in connection.execute(mine)
            if row.expires_at > now and not gone(row.name)
        ]

    def _lives(self, connection: Connection, name: str, now: float) -> bool:
        """Whether a worker lives; an older jointopt holds a study without having joined it."""
        mine = (workers.c.study_id == self.study_id) & (workers.c.name == name)
        expires_at = connection.scalar(select(workers.c.expires_at).where(mine))
        return lives(name) if expires_at is None else expires_at > now and not gone(name)
