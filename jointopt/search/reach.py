"""Optuna's storage, connected to as the study's own tables are, so that it outlives a server that is restarted.

It does not know what the trials are of.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage

from jointopt.errors import StorageError
from jointopt.storage import engine_settings, hold_on, insist, make_together, refusals, tell_broken_off

T = TypeVar("T")


class _Trials(RDBStorage):
    """Optuna's, without heartbeats: trials are asked for and told one by one, and heartbeats do not beat then.

    A connection that is lost is told as what it is. Optuna would repeat the beginning of a trial by itself, and could
    begin two where an acknowledgement was lost; who calls knows the trial's number, and repeats it rightly.
    """

    def __init__(self, address: str, settings: dict[str, Any]) -> None:
        try:
            super().__init__(address, engine_kwargs=settings)
        except BaseException:
            if hasattr(self, "engine"):
                self.engine.dispose()
            raise
        hold_on(self.engine)
        tell_broken_off(self.engine)


def reach_database(url: str) -> RDBStorage:
    """Optuna's storage in a database; its tables are made where they are missing, whoever else makes them just now.

    Raises:
        StorageError: the database refused.
    """
    address, settings = engine_settings(url)
    with _refusals():
        return make_together(lambda: _Trials(address, settings))


def count_rows(storage: RDBStorage, study_id: int) -> int:
    """How many trials a study of a database has, running ones counted, by a statement of our own: Optuna's own count
    reads every trial, 10 seconds for 20,000.
    """

    def count() -> int:
        with storage.engine.connect() as connection:
            counted = connection.exec_driver_sql(f"SELECT count(*) FROM trials WHERE study_id = {study_id:d}")
            return int(counted.scalar_one())

    return steady(count)


def let_go(storage: RDBStorage) -> None:
    """Close every connection; should the storage be asked again, it connects anew."""
    storage.remove_session()
    storage.engine.dispose()


def steady(call: Callable[[], T]) -> T:
    """Call Optuna, and call again while its database is away: restarted, killed, out of reach.

    What is repeated: whatever a lost connection broke off, a deadlock, a server that is starting; every tenth of a
    second, for `jointopt.storage`'s patience (two minutes) from the first time it failed. Nothing else is.

    The call may have been carried out although its acknowledgement was lost, so it must look before it does a thing
    that counts: `ask` and `add_trial` only where `count_trials` says that the trial is not there, `tell` only where it
    still runs. Attributes and parameters may be set twice. It waits, and so belongs into a thread where an event loop
    has something else to do.

    Raises:
        StorageError: the database refused, or did not come back.
    """
    with _refusals():
        return insist(call, among=(StorageError, StorageInternalError))


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell a database's refusal as our own tables' would be told."""
    with refusals("Optuna's trials"):
        try:
            yield
        except StorageInternalError as error:
            raise error.__cause__ or error from None
