"""Stops a study, whoever runs it, and deletes one, by its name: no file of it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from jointopt.errors import StorageError
from jointopt.search import delete_trials
from jointopt.storage import Crew, Database, Loss, Member, Studies, StudyRow, open_database, remove, weigh


@contextmanager
def _found(url: str, name: str) -> Iterator[tuple[Database, StudyRow]]:
    database = open_database(url, create=False)
    try:
        yield database, Studies(database).find(name)
    finally:
        database.close()


def stop_study(url: str, name: str) -> tuple[StudyRow, list[Member]]:
    """Say that a study is to stop, unless it has finished; how it stood before, and the workers that will leave.

    Raises:
        UnknownStudy: there is none of that name; names the nearest.
    """
    with _found(url, name) as (database, row):
        if row.state == "running":
            Studies(database).stop(row.id)
        return row, Crew(database, row.id).living()


def weigh_study(url: str, name: str) -> Loss:
    """What would be lost with a study.

    Raises:
        UnknownStudy: there is none of that name; names the nearest.
    """
    with _found(url, name) as (database, row):
        return weigh(database, row.id)


def delete_study(url: str, name: str, *, samples: bool) -> None:
    """Delete a study and its trials.

    Args:
        url: of the database.
        name: of the study.
        samples: whether what it paid for goes too; otherwise that serves the other studies of the database.

    Raises:
        UnknownStudy: there is none of that name; names the nearest.
        StorageError: a worker lives that has joined it, or, where samples go too, any study of the database.
    """
    with _found(url, name) as (database, row):
        for one in Studies(database).all() if samples else [row]:
            living = Crew(database, one.id).living()
            if living:
                message = f"study {one.name!r} has a worker that lives: {living[0].name}"
                mend = f"stop it first: jointopt stop {one.name}; a worker that died is forgotten within its lease"
                raise StorageError(message, where=database.url, mend=mend)
        delete_trials(url, name)
        remove(database, row.id, samples=samples)
