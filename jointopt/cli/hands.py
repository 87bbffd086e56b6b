"""Further workers of a study on this machine: processes that end with the one that started them, however it ends."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

import typer

from jointopt.cli.arguments import CODE, STORAGE
from jointopt.config import Plan, own_code
from jointopt.errors import UserError

MOST = 128  # processes of one machine
LAST_LINES = 5  # of what a worker said that failed
_LOOK_EVERY_S = 0.5
_SAY_AFTER_S = 5.0  # that somebody is still waited for


@dataclass
class Hand:
    """A worker that was started."""

    number: int
    process: "subprocess.Popen[bytes]"
    said: IO[bytes] = field(repr=False)
    told: bool = False

    def tell(self) -> None:
        """Say why it ended, if it failed, once."""
        if self.told or not self.process.poll():
            return
        self.told = True
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        typer.echo(f"worker {self.number} ended with code {self.process.returncode}:", err=True)
        for line in lines:
            typer.echo(f"  {line}", err=True)


def check_workers(count: int) -> None:
    """Refuse a number of workers that makes no sense.

    Raises:
        UserError: it is below 1, or more than a machine bears.
    """
    if not 1 <= count <= MOST:
        mend = f"write 1 to {MOST}; more work on further machines: `jointopt worker --study NAME --storage URL`"
        raise UserError(f"{count} workers will not do", where="--workers", mend=mend)


@contextmanager
def local_workers(plan: Plan, count: int) -> Iterator[None]:
    """Have so many further processes work on a study that has begun; one that fails is told of, and not replaced."""
    hands: list[Hand] = []
    over = threading.Event()
    try:
        hands += [_start(plan, number) for number in range(2, count + 2)]
        watcher = threading.Thread(target=_watch, args=(hands, over), name="jointopt-hands", daemon=True)
        watcher.start()
        yield
    finally:
        over.set()
        see_out(hands)


def _start(plan: Plan, number: int) -> Hand:
    """Spawn a worker. The database's URL may hold a password: it travels in the environment, unseen by others."""
    code = ",".join(filter(None, (os.environ.get(CODE), *own_code(plan))))
    paths = (os.environ.get("PYTHONPATH"), str(plan.path.parent.resolve()))
    known = {**os.environ, STORAGE: plan.storage, CODE: code, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "jointopt", "worker", "--study", plan.name, "--leashed"]
    said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=known, start_new_session=True
    )
    return Hand(number, process, said)


def _watch(hands: Sequence[Hand], over: threading.Event) -> None:
    while not over.wait(_LOOK_EVERY_S):
        for hand in hands:
            hand.tell()


def see_out(hands: Sequence[Hand]) -> None:
    """Tell of those that failed, have the others stop, and wait for what they have asked: it is paid for. Ctrl-C
    meanwhile ends them at once.
    """
    for hand in hands:
        hand.tell()
        if hand.process.stdin:
            hand.process.stdin.close()
    try:
        _wait(hands)
    except KeyboardInterrupt:
        for hand in hands:
            hand.process.kill()
        raise
    finally:
        for hand in hands:
            hand.process.wait()
            hand.said.close()


def _wait(hands: Sequence[Hand]) -> None:
    deadline = time.monotonic() + _SAY_AFTER_S
    for hand in hands:
        with suppress(subprocess.TimeoutExpired):
            hand.process.wait(max(deadline - time.monotonic(), 0.0))
    left = [hand for hand in hands if hand.process.poll() is None]
    if left:
        many = f"{len(left)} local worker{'s have' if len(left) > 1 else ' has'} not ended"
        typer.echo(f"{many}: waiting for answers that are paid for; Ctrl-C loses them, and ends it at once", err=True)
    for hand in left:
        hand.process.wait()
