"""Ports of the loopback, for tests that start servers. It does not know what listens there."""

import socket
import subprocess
import time
import urllib.request
from contextlib import closing
from typing import Any


def free_port() -> int:
    """A port that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, running: "subprocess.Popen[Any]") -> None:
    """Wait until a page of a process answers."""
    for _ in range(150):
        assert running.poll() is None, "who should answer has stopped"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} never answered")
