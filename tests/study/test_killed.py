"""A run that is killed loses no paid sample: the same command goes on where it stopped."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

WriteStudy = Callable[[int], Path]
COMMAND = [sys.executable, "-m", "jointopt"]


def _kept(database: Path) -> dict[tuple[str, int], str]:
    """Every sample in the database, by request and replicate."""
    if not database.exists():
        return {}
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        try:
            rows = connection.execute("select request_key, replicate, text from jointopt_samples").fetchall()
        except sqlite3.OperationalError:  # the tables are not there yet
            return {}
    return {(key, replicate): text for key, replicate, text in rows}


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_what_was_paid_is_still_there(small_study: WriteStudy, blow: signal.Signals) -> None:
    """Stopped in the middle of the search; the second run keeps every sample, buys each once, and ends in budget."""
    file = small_study(600)
    database = file.parent / "jointopt.db"
    running = subprocess.Popen(
        [*COMMAND, "run", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ}
    )
    deadline = time.monotonic() + 120
    while len(_kept(database)) < 40 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(blow)
    _, said = running.communicate(timeout=60)
    kept = _kept(database)
    assert len(kept) >= 40
    assert running.returncode == (130 if blow == signal.SIGINT else -signal.SIGKILL)
    assert b"Traceback" not in said
    ended = subprocess.run(
        [*COMMAND, "run", str(file), "--json"], capture_output=True, text=True, check=True, timeout=300
    )
    after = _kept(database)
    assert {place: after[place] for place in kept} == kept
    spend = json.loads(ended.stdout)["findings"]["spend"]
    lost = spend["calls"] - len(after)
    assert spend["calls"] <= 600
    assert lost == 0 if blow == signal.SIGINT else lost >= 0
