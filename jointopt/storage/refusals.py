"""What a database's refusals mean to a user: what failed, and the mend. It does not know what was asked."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError, TimeoutError

from jointopt.errors import StorageError
from jointopt.storage.repeats import TAKEN, code_of, first_line

_GRANT = "grant the right (GRANT USAGE, CREATE ON SCHEMA public TO the user), or name a database of your own"
_FORBIDDEN = ("42501", "3F000")  # PostgreSQL's codes for a user who lacks a right, or sees no schema to write to
_ANY = "see that it is there, whole, writable and not full; what was committed before is kept"
_GONE = (
    "start the server, or mend host and port in the URL; what was committed before is kept, and the same call goes on"
)
_BY_CODE: Mapping[str, str] = {
    **dict.fromkeys(_FORBIDDEN, _GRANT),
    **dict.fromkeys(TAKEN, "another program has a table of that name: name a database of your own"),
    "25006": "name the primary server: this one is a copy that only reads",
    "53100": "make room on the server's disk; what was committed before is kept",
    "55P03": "another process holds what this one waits for: see what it does (pg_stat_activity), and start again",
    "57014": "see what keeps the server busy, or allow more: ?options=-c%20statement_timeout%3D600s in the URL",
}
# A connection that is refused has no code: there are only the words.
_BY_WORDS: Mapping[str, str] = {
    "password authentication failed|no password supplied|role .* does not exist": (
        "see that user and password are right, special characters as %40 for @, %2F for /, %3A for :, %25 for %"
    ),
    "database .* does not exist": "make it (createdb), or name one that is there",
    "no pg_hba.conf entry|permission denied for database": "let this user in (pg_hba.conf, GRANT CONNECT)",
    "too many (clients|connections)|connection slots": "raise max_connections on the server, or start fewer workers",
    "invalid (connection option|URI|integer|.* value)|bad value": "mend the options behind the ? of the URL",
    "is full|disk I/O error|no space left": (
        "make room on the disk; what was committed before is kept, and the same call goes on"
    ),
    "database is locked": "another process holds the file for long: see which one, and start again when it has ended",
    "readonly database|unable to open database file": (
        "give read and write permission, for the folder too (SQLite writes beside the file), or name another file"
    ),
    "malformed|not a database": "restore it from a backup, or name another file; this one was left as it is",
    "refused|resolve|timeout|timed out|no such file|unreachable|starting up|shutting down|terminat|closed": _GONE,
}


@contextmanager
def refusals(shown: str) -> Iterator[None]:
    """Turn a database's refusals into StorageErrors; our own mistakes (a broken constraint, wrong SQL) stay.

    Args:
        shown: where the database is, without its password.
    """
    try:
        yield
    except DatabaseError as error:
        if _is_ours(error):
            raise
        raise StorageError(f"the database refused: {first_line(error.orig)}", where=shown, mend=_mend(error)) from error
    except TimeoutError as error:  # SQLAlchemy's
        message, mend = "no connection became free", "see what keeps the database busy, and start again"
        raise StorageError(message, where=shown, mend=mend) from error


def _is_ours(error: DatabaseError) -> bool:
    """Whether a statement was at fault; where none was sent, it was the connection."""
    if isinstance(error, IntegrityError):
        return True
    wrong = isinstance(error, ProgrammingError | DataError) and error.statement is not None
    return wrong and code_of(error) not in _FORBIDDEN + TAKEN


def _mend(error: DatabaseError) -> str:
    if code_of(error) in _BY_CODE:
        return _BY_CODE[code_of(error)]
    said = str(error.orig)
    return next((mend for words, mend in _BY_WORDS.items() if re.search(words, said, re.IGNORECASE)), _ANY)
