"""The hostile server in a process of its own, for whoever measures a client in this one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Spawned:
    """A server elsewhere."""

    port: int

    @property
    def url(self) -> str:
        """The base of its API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def account(self) -> dict[str, dict[str, Any]]:
        """Its `bill` and its `visits`, as they stand."""
        with urlopen(f"http://127.0.0.1:{self.port}/bill", timeout=10) as reply:
            account: dict[str, dict[str, Any]] = json.load(reply)
        return account


@contextmanager
def spawned(*arguments: str) -> Iterator[Spawned]:
    """Start one with these arguments of ``python -m tests.hostile``; it ends with the block, or with this process."""
    command = [sys.executable, "-m", "tests.hostile", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Spawned(int(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(timeout=10)
