"""Whole processes of a study, begun with the interpreter: what the tests of a machine's own troubles stand on.

Those troubles are a disk that is full, a clock that is wrong, and a link that is cut.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from jointopt.config import read_study
from jointopt.study import Study

ROOT = Path(__file__).parents[2]
LEASE_S = 2.0
_PATIENCE_S = 60.0
# It becomes the module `sitecustomize` of a process. What is made by C stays an instance of the class that stands in.
_WRONG_CLOCK = """
import datetime
import time

SHIFT_S = {shift_s}
Plain, true, true_ns = datetime.datetime, time.time, time.time_ns


class Stand(type):
    def __instancecheck__(cls, one):
        return isinstance(one, Plain)

    def __subclasscheck__(cls, one):
        return issubclass(one, Plain)


class Wrong(Plain, metaclass=Stand):
    __slots__ = ()

    @classmethod
    def now(cls, tz=None):
        return Plain.now(tz) + datetime.timedelta(seconds=SHIFT_S)

    @classmethod
    def utcnow(cls):
        return Plain.utcnow() + datetime.timedelta(seconds=SHIFT_S)


datetime.datetime = Wrong
time.time = lambda: true() + SHIFT_S
time.time_ns = lambda: true_ns() + SHIFT_S * 1_000_000_000
"""


class Command:
    """``python -m`` with these words, as a process that is killed with the block at the latest.

    Args:
        folder: where it runs; what it says is written there.
        key: with which it asks the model, so that the server knows who asks.
        words: the module, and its arguments.
        path: searched for modules before all others.
        before: words that begin another program, which becomes this one and keeps its number.
    """

    def __init__(
        self, folder: Path, key: str, words: Sequence[str], *, path: Path = ROOT, before: Sequence[str] = ()
    ) -> None:
        self.key, self._said = key, folder / f"{key}.txt"
        environment = {**os.environ, "CROWD_KEY": key, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}"}
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [*before, sys.executable, "-X", "faulthandler", "-m", *words],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=out,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        """Everything that it wrote to its standard error."""
        return self._said.read_text(encoding="utf-8")

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def end(self) -> int:
        """Wait for its end; the exit code, negative where a signal ended it."""
        try:
            return self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler says what it was doing
            self.process.wait()
            raise AssertionError(f"process {self.key} does not end:\n{self.said}") from None


def wrong_clock(folder: Path, shift_s: int) -> Path:
    """A folder to be searched for modules: whose process has it, has a clock that is fast by so many seconds."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_WRONG_CLOCK.format(shift_s=shift_s), encoding="utf-8")
    return folder


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A small disk of its own at a folder; skips where this user may mount none."""
    folder.mkdir()
    _try("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a disk; gives the file that takes it all."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out:
        for size in (65536, 512):
            with suppress(OSError):  # there is no room for that much
                while out.write(bytes(size)):
                    pass
    return ballast


class Host:
    """A host of its own, with a name and a network that one link joins to ours; skips where this user may make none.

    Attributes:
        address: of ours on the link.
        before: words that begin a program on it.
    """

    def __init__(self) -> None:
        number = os.getpid()
        self.name, self._link = f"jointopt-{number}", f"jo{number}"
        net = f"198.18.{number >> 6 & 255}.{(number & 63) * 4}"  # a range that is kept for tests (RFC 2544)
        head, _, tail = net.rpartition(".")
        self.address, self._far = f"{head}.{int(tail) + 1}", f"{head}.{int(tail) + 2}"
        renamed = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        self.before = ["ip", "netns", "exec", self.name, *renamed]

    def __enter__(self) -> Self:
        _try("ip", "netns", "add", self.name)
        try:
            _try("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            _try("ip", "addr", "add", f"{self.address}/30", "dev", self._link)
            _try("ip", "link", "set", self._link, "up")
            _try("ip", "-n", self.name, "addr", "add", f"{self._far}/30", "dev", "eth0")
            _try("ip", "-n", self.name, "link", "set", "lo", "up")
            self.plug()
            _try(*self.before, "true")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["ip", "link", "del", self._link], capture_output=True, check=False)  # may not have come to be
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    def cut(self) -> None:
        """Pull its cable."""
        _try("ip", "-n", self.name, "link", "set", "eth0", "down")

    def plug(self) -> None:
        """Put the cable in."""
        _try("ip", "-n", self.name, "link", "set", "eth0", "up")


def _try(*command: str) -> None:
    """Have the system do something; skips where it will not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"this machine has no {error.filename}")
    if done.returncode:
        pytest.skip(f"this machine does not permit it: {' '.join(command)}: {done.stderr.strip()}")


@contextmanager
def forwarding(address: str, port: int) -> Iterator[int]:
    """Carry whatever comes to an address of this machine on to a port of the loopback; gives the port there."""
    ready: Future[tuple[int, Callable[[], None]]] = Future()

    async def live() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        listener = await asyncio.start_server(lambda *near: _join(port, *near), address, 0)
        ready.set_result((listener.sockets[0].getsockname()[1], lambda: _tell(loop, stop)))
        await stop.wait()
        listener.close()

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="forwarding", daemon=True)
    thread.start()
    there, end = ready.result(timeout=10)
    try:
        yield there
    finally:
        end()
        thread.join()


def _tell(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stop.set)


async def _join(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction, to its end."""
    with suppress(OSError):  # the other end hears of it
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


if __name__ == "__main__":  # a worker that falls out of its lease soon
    with Study(read_study(Path(sys.argv[1]))) as study:
        if not study.finished:
            study.work(lease_s=LEASE_S, again=True)
