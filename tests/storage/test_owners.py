"""Who is alive is told by the system, not guessed."""

import os
import socket
import subprocess
import sys

import pytest

from jointopt.storage.owners import gone, lives, this_process


def test_this_process_lives() -> None:
    """A process knows that it is alive."""
    assert lives(this_process())
    assert lives(f"{socket.gethostname()}:{os.getpid()}")


def test_a_process_that_ended_does_not_live() -> None:
    """The child has been waited for: its number is free again."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not lives(f"{socket.gethostname()}:{child.pid}")


@pytest.mark.skipif(not this_process().split(":")[2], reason="this system does not say when a process began")
def test_a_later_process_with_the_same_number_is_another() -> None:
    """The start tells them apart."""
    assert not lives(f"{socket.gethostname()}:{os.getpid()}:1")


@pytest.mark.parametrize("owner", ["elsewhere.example:1", "", "nonsense", f"{socket.gethostname()}:{10**30}"])
def test_what_is_no_process_here_does_not_live(owner: str) -> None:
    """Another host, or no owner at all."""
    assert not lives(owner)


def test_of_another_machine_of_the_same_name_nothing_is_known() -> None:
    """Its process numbers are not ours: one that does not run here may well run there."""
    host, pid, start, machine = this_process().split(":")
    assert gone(f"{host}:{pid}:1:{machine}")
    assert not gone(f"{host}:{pid}:1:another")
    assert not lives(f"{host}:{pid}:{start}:another")
