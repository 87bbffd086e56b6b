"""Which of many series does a picture name? Twenty-five lines in twenty-five colours are read by nobody."""

from collections.abc import Iterable, Sequence

MOST = 8  # series with a colour and a name of their own; the others stay grey


def spotlight(names: Sequence[str], important: Iterable[str], *, most: int = MOST) -> list[str]:
    """The names to tell apart, in their own order: all of them where they are few, else the first important ones."""
    if len(names) <= most:
        return list(names)
    chosen = list(dict.fromkeys(name for name in important if name in names))[:most]
    return [name for name in names if name in chosen]
