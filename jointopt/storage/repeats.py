"""Does again what a lost connection has broken off. It does not know what is done, only that it may be repeated.

A call that was broken off may have been carried out all the same: the connection may be lost between a commit and its
acknowledgement. Whatever is handed in here must come to the same when it is done twice.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError, IntegrityError

from jointopt.errors import StorageError
from jointopt.storage.addresses import masked

PATIENCE_S, PAUSE_S = 120.0, 0.1  # how long, and how often, a server that has gone away is called
_AGAIN = {  # PostgreSQL's codes
    *("40001", "40P01"),  # two transactions that cannot both be, a deadlock: the server says itself to begin anew
    *("57P01", "57P02", "57P03"),  # it is being stopped, has crashed, is starting
    *("25P03", "08000", "08001", "08003", "08004", "08006"),  # the connection was ended, or is gone
}
TAKEN = ("42P07", "42701")  # for a table or a column that is there already
# A connection that is refused has no code: there are only the words.
_LATER = re.compile("starting up|shutting down|recovery mode|not yet accepting|too many clients|connection slots")

T = TypeVar("T")


class _BrokenOff(StorageError):
    """What a lost connection raises where others wrap the database's own errors (`tell_broken_off`)."""


def insist(
    call: Callable[[], T],
    patience_s: float = PATIENCE_S,
    among: type[Exception] | tuple[type[Exception], ...] = StorageError,
) -> T:
    """Call, and call again while the connection is lost, the server is away or asks to begin anew.

    It waits in between, and so belongs into a thread of its own where an event loop runs.

    Args:
        call: may be carried out twice.
        patience_s: from the first time that it failed.
        among: what a lost connection may be wrapped into.
    """
    deadline_s = float("inf")
    while True:
        try:
            return call()
        except among as error:
            deadline_s = min(deadline_s, time.monotonic() + patience_s)
            if not broken_off(error) or time.monotonic() >= deadline_s:
                raise
            time.sleep(PAUSE_S)


def make_together(make: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Make what several processes may make at once, of tables that take no lock of ours.

    Where another was faster, all is looked at again: somebody gets on every time.
    """
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            return make()
        except DBAPIError as error:
            if not (_is_taken(error) or broken_off(error)) or time.monotonic() >= deadline_s:
                raise
            time.sleep(PAUSE_S)


def broken_off(error: BaseException) -> bool:
    """Whether the connection, and not what was asked, is to blame: the same call may succeed when it is made again."""
    return any(isinstance(each, _BrokenOff) or _is_passing(each) for each in _chain(error))


def tell_broken_off(engine: Engine) -> None:
    """Let an engine raise a StorageError of ours where its connection is lost, so that nobody wraps or retries it."""

    def replace(context: ExceptionContext) -> None:
        if _is_passing(context.sqlalchemy_exception) and not context.is_pre_ping:
            raise _BrokenOff(
                f"the connection to the database was lost: {first_line(context.original_exception)}",
                where=masked(engine.url.render_as_string(hide_password=False)),
                mend="the same call goes on when the server is back",
            )

    event.listen(engine, "handle_error", replace)


def code_of(error: DBAPIError) -> str:
    """PostgreSQL's code of what happened; empty where there is none."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""


def first_line(error: BaseException | None) -> str:
    """What a driver says, without its advice."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _is_taken(error: DBAPIError) -> bool:
    """Whether somebody else has just made the same table, or written the same row."""
    there = code_of(error) in TAKEN or "already exists" in str(error.orig)
    return there or isinstance(error, IntegrityError)


def _is_passing(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    unsent = error.statement is None and _LATER.search(str(error.orig)) is not None
    return error.connection_invalidated or code_of(error) in _AGAIN or unsent


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
