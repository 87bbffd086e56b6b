"""A regular expression that somebody else wrote looks at a text for a while only. It does not know for what."""

import re
import signal
import threading
from types import FrameType


def search(pattern: re.Pattern[str], text: str, within_s: float) -> re.Match[str] | None:
    """What the pattern finds.

    Python's engine looks for signals while it works, so that an alarm ends it: in the main thread, where the system has
    one. In other threads there is no limit.

    Raises:
        TimeoutError: it has not come to an end within so many seconds.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        return pattern.search(text)
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, within_s)
    try:
        return pattern.search(text)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TimeoutError
