"""A wrong clock: ``python -m tests.study.clocks 300 jointopt status`` runs a module where it is five minutes later.

The time of day is changed before the module is there, or anything that it imports; what measures how long something
takes is not. Beneath Python all is as it was: a database that the module opens in its own process has the right time.
"""

import datetime
import runpy
import sys
import time

_Right = datetime.datetime


class _Stand(type):
    """Whatever is a time is one of the class that stands in, too."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _Right)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, _Right)


def shift(ahead_s: int) -> None:
    """Have the clock of this process be fast by so many seconds, or slow."""
    seconds, nanoseconds, ahead = time.time, time.time_ns, datetime.timedelta(seconds=ahead_s)

    class Wrong(_Right, metaclass=_Stand):
        __slots__ = ()

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> _Right:  # type: ignore[override]  # C's own do not care
            return _Right.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> _Right:  # type: ignore[override]
            return _Right.now(datetime.UTC).replace(tzinfo=None) + ahead

    datetime.datetime = Wrong  # type: ignore[misc]
    time.time = lambda: seconds() + ahead_s
    time.time_ns = lambda: nanoseconds() + ahead_s * 10**9


if __name__ == "__main__":
    shift(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
