"""What has changed between two texts of a study. It does not know which changes matter."""

import json
import re
from collections.abc import Iterator

_LONGEST = 60  # characters of a value that a line shows
_WORDS = re.compile(r"(prompts\..+|judges\..+\.prompt)\.(system|user)")  # of a prompt: only named, never shown


def changes(old_text: str, new_text: str) -> list[str]:
    """One line for each difference of two `Plan.text`s: ``budget.calls: 4000 -> 6000``, ``prompts.steps changed``."""
    return list(_compare("", json.loads(old_text), json.loads(new_text)))


def _compare(place: str, old: object, new: object) -> Iterator[str]:
    if place == "strategies":
        old, new = _named(old), _named(new)
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_keys(place, old, new)
    elif old != new:
        yield _line(place, old, new)


def _named(strategies: object) -> object:
    """The options of strategies by name: a list names those that have none."""
    return {name: {} for name in strategies} if isinstance(strategies, list) else strategies


def _compare_keys(place: str, old: dict[str, object], new: dict[str, object]) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        inner = f"{place}.{key}".lstrip(".")
        if key not in new:
            yield f"{inner} removed"
        elif key not in old:
            yield f"{inner} added"
        else:
            yield from _compare(inner, old[key], new[key])
    if old.keys() == new.keys() and list(old) != list(new):
        yield f"{place or 'keys'}: order changed"


def _line(place: str, old: object, new: object) -> str:
    if place == "task.data_sha256":
        return "task.data: contents changed"
    if place.endswith(".table_sha256"):
        return f"{place.rpartition('.')[0]}.endpoint: contents of the recorded table changed"
    if _WORDS.fullmatch(place):
        return f"{place.rpartition('.')[0]} changed"
    before, after = json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False)
    return f"{place} changed" if max(len(before), len(after)) > _LONGEST else f"{place}: {before} -> {after}"
