"""A user's own code, named in a study file by its dotted path. It does not know what the code is for."""

import importlib
import sys
from pathlib import Path
from typing import Any


def reach(folder: Path) -> None:
    """Let modules in a folder be found, after all others."""
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)


def find(path: str) -> Any:
    """What stands at a dotted path, ``package.module:name``.

    Raises:
        ImportError: nothing does, or the module fails; the message names the path and the reason.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        raise ImportError(f"cannot import {path!r}: {type(error).__name__}: {error}") from error
