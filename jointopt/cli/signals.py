"""How a command is told to stop: Ctrl-C, SIGTERM (as containers are stopped), or the end of what started it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STDIN = 0


@contextmanager
def stoppable() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, also where Ctrl-C is ignored, as in what a script has started in the background."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, interrupt)
    if before[signal.SIGINT] == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leash() -> None:
    """Stop when standard input ends, and so when the process that holds its other end does, killed or not."""
    threading.Thread(target=_wait_for_end, name="jointopt-leash", daemon=True).start()


def _wait_for_end() -> None:
    while os.read(_STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
