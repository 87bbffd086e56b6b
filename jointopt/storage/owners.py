"""Who runs a study, and whether that process still lives. It does not know what the process does."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Name this process: ``host:pid:start``, where the start tells it from a later process that got the same number."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}"


def lives(owner: str) -> bool:
    """Whether an owner is a process that runs on this host now. Other hosts cannot be asked: no."""
    host, pid, start = (*owner.split(":"), "", "")[:3]
    if host != socket.gethostname() or not pid.isdecimal() or not _runs(int(pid)):
        return False
    return start in ("", _start(int(pid)))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return True


def _start(pid: int) -> str:
    """When a process began, in clock ticks since the machine did; empty where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[19]


def host_of(owner: str) -> str:
    """The machine that an owner runs on."""
    return owner.partition(":")[0]


def gone(owner: str) -> bool:
    """Whether an owner was a process of this host that runs no more; of another host nobody can say so."""
    return host_of(owner) == socket.gethostname() and not lives(owner)
