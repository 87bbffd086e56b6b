"""Whole processes of a study, begun with the interpreter, and what befalls their machines: a disk that is full, a link
that is cut.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0
_BLOCK = IPv4Address("198.18.0.0") + os.getpid() % 2**15 * 4  # of a range that is kept for tests (RFC 2544)
HERE = str(_BLOCK + 1)  # this machine's address, as hosts know it that a link joins to it


class Command:
    """``python -m`` with these words, as a process that is killed with the block at the latest.

    Args:
        folder: where it runs; what it says is written there.
        key: with which it asks the model, so that the server knows who asks.
        words: the module, and its arguments.
        before: words that begin another program, which becomes this one and keeps its number.
    """

    def __init__(self, folder: Path, key: str, words: Sequence[str], *, before: Sequence[str] = ()) -> None:
        self.key, self._said = key, folder / f"{key}.txt"
        environment = {**os.environ, "CROWD_KEY": key, "PYTHONPATH": str(ROOT), "no_proxy": HERE}
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
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid

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
    """A machine of its own, as far as its programs see: a name, and a network that one link joins to ours, where we are
    `HERE`. Skips where this user may make none. It is gone with the block, or with this process.

    Args:
        number: of the host, 2 or 3.

    Attributes:
        before: words that begin a program on it.
    """

    def __init__(self, number: int) -> None:
        self.name, self._link = f"host-{number}", f"jo{os.getpid()}.{number}"
        self._address, self.before = str(_BLOCK + number), list[str]()

    def __enter__(self) -> Self:
        _try("unshare", "--net", "--uts", "true")
        live = 'hostname "$0" && echo "lives" && read -r _'
        self._init = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c", live, self.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert self._init.stdout is not None and self._init.stdout.readline() == b"lives\n"
            number = str(self._init.pid)
            self.before = ["nsenter", "--net", "--uts", "--target", number]
            _try("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", number)
            _try("ip", "addr", "add", HERE, "peer", self._address, "dev", self._link)
            _try(*self.before, "ip", "addr", "add", self._address, "peer", HERE, "dev", "eth0")
            _try(*self.before, "ip", "link", "set", "eth0", "up")
            self.plug()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["ip", "link", "del", self._link], capture_output=True, check=False)  # may not have come to be
        self._init.communicate()

    def cut(self) -> None:
        """Pull its cable out of our end: what is sent to it, or by it, is lost without a word."""
        _try("ip", "link", "set", self._link, "down")

    def plug(self) -> None:
        """Put the cable in."""
        _try("ip", "link", "set", self._link, "up")


def _try(*command: str) -> None:
    """Have the system do something; skips where it will not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"this machine has no {error.filename}")
    if done.returncode:
        pytest.skip(f"this machine does not permit it: {' '.join(command)}: {done.stderr.strip()}")
