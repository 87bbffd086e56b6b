"""Where a database is: a URL that a user wrote, read, checked, and fit to be shown. It opens nothing."""

import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from jointopt.errors import StorageError

FORMS = "write it as sqlite:///study.db or postgresql+psycopg://user:password@host/database"


def masked(url: str) -> str:
    """A database URL without its secrets, even where it is no valid URL."""
    hidden = re.sub(r"^([^:]*:/*)([^@:]*).*@", r"\1\2:***@", url)
    return re.sub(r"(?i)((?:pass|pwd|secret|token)[^=&]*=)[^&]*", r"\1***", hidden)


def address_of(url: str) -> URL:
    """Read a URL; where PostgreSQL is named without a driver, the driver is psycopg 3.

    Raises:
        StorageError: it is none, or of a kind of database that we do not know.
    """
    shown = masked(url)
    try:
        address = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    except (ArgumentError, ValueError):
        raise StorageError("this is no database URL", where=f"storage {shown!r}", mend=FORMS) from None
    kind = address.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StorageError(f"databases of the kind {kind!r} are not supported", where=shown, mend=FORMS)
    if kind == "postgresql" and "@" in f"{address.host}{address.database}":  # else parts of it would be shown
        message, mend = "there is an @ in the user's name or the password", "write it as %40, a / as %2F, a % as %25"
        raise StorageError(message, where=shown, mend=mend)
    return address


def database_file(url: str) -> Path | None:
    """The file that a database is; None where it is none, but in memory or on a server.

    Raises:
        StorageError: as for `address_of`.
    """
    address = address_of(url)
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None
