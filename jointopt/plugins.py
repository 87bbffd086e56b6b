"""A user's own code, named in a study file by its dotted path. It does not know what the code is for."""

import importlib
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jointopt.errors import UserError

_PERMITTED: ContextVar[Collection[str] | None] = ContextVar("permitted", default=None)  # None: whatever can be imported


def reach(folder: Path) -> None:
    """Let modules in a folder be found, after all others."""
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)


@contextmanager
def permit(modules: Collection[str]) -> Iterator[None]:
    """Let only these modules, and what is inside them, be found: for paths that someone else may have written."""
    before = _PERMITTED.set(modules)
    try:
        yield
    finally:
        _PERMITTED.reset(before)


def find(path: str) -> Any:
    """What stands at a dotted path, ``package.module:name``.

    Raises:
        ImportError: nothing does, or the module fails; the message names the path and the reason.
        UserError: it is not permitted here.
    """
    module, _, name = path.partition(":")
    permitted = _PERMITTED.get()
    if permitted is not None and not any(module == one or module.startswith(f"{one}.") for one in permitted):
        own = module.partition(".")[0]
        mend = f"where you trust it: JOINTOPT_CODE={own} in the environment (several: a,b)"
        raise UserError("a database says to call this, and you did not permit it", where=path, mend=mend)
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        raise ImportError(f"cannot import {path!r}: {type(error).__name__}: {error}") from error
