"""Local workers are waited for: what they have asked is paid for. Real processes stand for them."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from jointopt.cli import hands

LONG_S = 60.0


def _hand(seconds: float) -> hands.Hand:
    """A process that goes on for so long after its standard input has ended."""
    code = f"import sys, time; sys.stdin.read(); time.sleep({seconds})"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True)
    return hands.Hand(2, process, tempfile.TemporaryFile())


def test_what_they_have_asked_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long it takes; whoever waits is told."""
    monkeypatch.setattr(hands, "_SAY_AFTER_S", 0.2)
    quick, slow = _hand(0.0), _hand(2.0)
    hands.see_out([quick, slow])
    assert (quick.process.returncode, slow.process.returncode) == (0, 0)
    assert "1 local worker has not ended: waiting" in capsys.readouterr().err


def test_ctrl_c_ends_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, and the command with them."""
    monkeypatch.setattr(hands, "_SAY_AFTER_S", 0.2)
    both, begun_s = [_hand(LONG_S), _hand(LONG_S)], time.monotonic()
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        hands.see_out(both)
    assert [hand.process.returncode for hand in both] == [-signal.SIGKILL] * 2
    assert time.monotonic() - begun_s < LONG_S / 2
