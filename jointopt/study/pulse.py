"""A worker's heartbeat: a thread that renews its lease, and tells when the study is stopped or has been lost."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from jointopt.errors import StorageError
from jointopt.storage import BEATS, Beat, Crew


class Pulse:
    """Beats as long as it is entered; the worker has joined the study then, and has left it afterwards.

    Args:
        crew: of the study.
    """

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.on_beat: Callable[[Beat], None] = lambda beat: None  # called from the thread
        self._beat, self._renewed_s = Beat("running", False, False, 0, 0.0), time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="jointopt-pulse", daemon=True)

    def __enter__(self) -> Self:
        self.crew.join()
        self.beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.crew.leave()

    def beat(self) -> Beat:
        """Beat now."""
        begun_s = time.monotonic()
        self._beat = self.crew.beat()
        self._renewed_s = begun_s
        return self._beat

    @property
    def last(self) -> Beat:
        """What the last beat told."""
        return self._beat

    def holds(self) -> bool:
        """Whether the lease cannot have run out yet, by this machine's own clock."""
        return time.monotonic() - self._renewed_s < self.crew.lease_s

    def others(self) -> int:
        """Workers that live, beside this one."""
        return self._beat.others

    def _go_on(self) -> None:
        while not self._ended.wait(self.crew.lease_s / BEATS):
            try:
                beat = self.beat()
                self.on_beat(beat)
            except StorageError:  # the lease runs on; whoever needs the database next says why it is gone
                continue
