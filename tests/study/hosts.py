"""Whole processes of a study, begun with the interpreter, and small disks: what the tests of a full disk stand on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0


class Command:
    """``python -m`` with these words, as a process that is killed with the block at the latest.

    Args:
        folder: where it runs; what it says is written there.
        key: with which it asks the model, so that the server knows who asks.
        words: the module, and its arguments.
    """

    def __init__(self, folder: Path, key: str, words: Sequence[str]) -> None:
        self.key, self._said = key, folder / f"{key}.txt"
        environment = {**os.environ, "CROWD_KEY": key, "PYTHONPATH": str(ROOT)}
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", *words],
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


def _try(*command: str) -> None:
    """Have the system do something; skips where it will not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"this machine has no {error.filename}")
    if done.returncode:
        pytest.skip(f"this machine does not permit it: {' '.join(command)}: {done.stderr.strip()}")
