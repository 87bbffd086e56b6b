"""Optuna's study of a name, without its trials being read: how many there are, and that they go."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import optuna
from optuna.storages import RDBStorage

from jointopt.search.reach import count_rows, let_go, reach_database

_ASIDE = re.compile(r", before change \d+")


@contextmanager
def _opened(url: str) -> Iterator[RDBStorage]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = reach_database(url)
    try:
        yield storage
    finally:
        let_go(storage)


def number_of_trials(url: str, name: str) -> int:
    """How many trials a study has, running ones counted; 0 where Optuna does not know it."""
    with _opened(url) as storage:
        try:
            study_id = storage.get_study_id_from_name(name)
        except KeyError:
            return 0
        return count_rows(storage, study_id)


def delete_trials(url: str, name: str) -> None:
    """Delete Optuna's study of that name with all its trials, and those set aside; where there is none, nothing is
    done.
    """
    with _opened(url) as storage:
        for study in storage.get_all_studies():
            if study.study_name == name or _ASIDE.fullmatch(study.study_name.removeprefix(name)):
                storage.delete_study(study._study_id)  # noqa: SLF001  # Optuna shows it nowhere


def set_trials_aside(url: str, name: str) -> None:
    """Give Optuna's study of that name another one, so that a changed study begins with trials of its own: Optuna lets
    no parameter have other choices than it had.
    """
    with _opened(url) as storage:
        known = {study.study_name: study._study_id for study in storage.get_all_studies()}  # noqa: SLF001  # as above
        if name in known:
            change = next(k for k in count(1) if f"{name}, before change {k}" not in known)
            renamed = f"study_name || ', before change {change:d}' WHERE study_id = {known[name]:d}"
            with storage.engine.begin() as connection:
                connection.exec_driver_sql(f"UPDATE studies SET study_name = {renamed}")
