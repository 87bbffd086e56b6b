"""Findings written down as plain values, and read again as what they were: to the last bit, and type for type."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_type_hints

import numpy as np

from jointopt.analysis.findings import Findings

_KIND = "="  # no field's name: what of a mapping of plain values is anything else
_ARRAY, _MAPPING = "array", "mapping"


def write_down(found: object) -> Any:
    """Findings, or a part of them, as what `json.dumps` takes."""
    if isinstance(found, Enum):
        return {_KIND: type(found).__name__, "value": found.value}
    if is_dataclass(found) and not isinstance(found, type):
        parts = {one.name: write_down(getattr(found, one.name)) for one in fields(found)}
        return {_KIND: type(found).__name__} | parts
    if isinstance(found, np.ndarray):
        return {_KIND: _ARRAY, "values": found.tolist(), "type": found.dtype.name}
    if isinstance(found, Mapping):
        return {_KIND: _MAPPING, "pairs": [[write_down(key), write_down(value)] for key, value in found.items()]}
    if isinstance(found, list | tuple):
        return [write_down(value) for value in found]
    return found.item() if isinstance(found, np.generic) else found


def read_again(values: Any) -> Any:
    """What `write_down` wrote; sequences are tuples.

    Raises:
        ValueError, TypeError, LookupError: it was written by another jointopt.
    """
    if isinstance(values, list):
        return tuple(map(read_again, values))
    if not isinstance(values, dict):
        return values
    kind = values[_KIND]
    if kind == _ARRAY:
        return np.array(values["values"], dtype=values["type"])
    if kind == _MAPPING:
        return {read_again(key): read_again(value) for key, value in values["pairs"]}
    return _kinds()[kind](**{name: read_again(value) for name, value in values.items() if name != _KIND})


@cache
def _kinds() -> Mapping[str, type]:
    """Every class of which findings consist, by its name."""
    known: dict[str, type] = {}
    wanted: list[Any] = [Findings]
    while wanted:
        kind = wanted.pop()
        wanted += get_args(kind)
        if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum)) and kind not in known.values():
            if kind.__name__ in known:
                raise TypeError(f"findings consist of two classes of the name {kind.__name__}")
            known[kind.__name__] = kind
            wanted += _within(kind)
    return known


def _within(kind: type) -> Iterator[Any]:
    if is_dataclass(kind):
        yield from get_type_hints(kind).values()
