"""Optuna's study of a name, without its trials being read: how many there are, and that they go."""

from collections.abc import Iterator
from contextlib import contextmanager

import optuna
from optuna.storages import RDBStorage

from jointopt.search.reach import count_rows, let_go, reach_database


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
    """Delete Optuna's study of that name with all its trials; where there is none, nothing is done."""
    with _opened(url) as storage:
        try:
            storage.delete_study(storage.get_study_id_from_name(name))
        except KeyError:
            return
