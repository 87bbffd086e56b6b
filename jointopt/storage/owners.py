"""Who runs a study, and whether that process still lives. It does not know what the process does."""

import os
import socket
from functools import cache
from itertools import count
from pathlib import Path

_NUMBERS = count(1)  # of the workers of this process


def this_process() -> str:
    """Name this process: ``host:pid:start:machine``.

    The start tells it from a later process that got the same number, the machine from one of another machine, or
    container, of the same name.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}:{_machine()}"


def next_worker() -> str:
    """Name a worker of this process, unlike any other: ``host:pid:start:machine:number``."""
    return f"{this_process()}:{next(_NUMBERS)}"


def lives(owner: str) -> bool:
    """Whether an owner is a process that runs on this host now. Other hosts cannot be asked: no."""
    _, pid, start = (*owner.split(":"), "", "")[:3]
    if not _is_here(owner) or not pid.isdecimal() or not _runs(int(pid)):
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
    return _is_here(owner) and not lives(owner)


def _is_here(owner: str) -> bool:
    """Whether an owner's process has a number among those of this host."""
    machine = (*owner.split(":"), "", "", "")[3]
    return host_of(owner) == socket.gethostname() and machine in ("", _machine())


@cache
def _machine() -> str:
    """What tells this boot of this machine, and this space of process numbers, from others; empty where none does."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot[:8]}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
