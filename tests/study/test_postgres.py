"""A whole study on PostgreSQL, with Optuna's trials in the same database: it is stopped, and the same call goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.postgres import QUOTED_PASSWORD, Server

WriteStudy = Callable[[int], Path]
COMMAND = [sys.executable, "-m", "jointopt"]
HIDDEN = QUOTED_PASSWORD.replace("%", "_")
SAMPLES = "SELECT request_key, replicate, text FROM jointopt_samples"
CALLS = "SELECT coalesce(sum(calls), 0) FROM jointopt_accounts WHERE state <> 'reserved'"


def kept(server: Server, database: str) -> set[tuple[object, ...]]:
    """Every sample in the database."""
    there = server.say("SELECT to_regclass('jointopt_samples') IS NOT NULL", database)
    return set(server.say(SAMPLES, database)) if there == [(True,)] else set()


def test_a_study_on_postgresql_is_stopped_and_goes_on(
    small_study: WriteStudy, postgres: Server, postgres_url: str
) -> None:
    """Every sample of the first run is kept, each is bought once, and the password is in nothing that it says."""
    file, database = small_study(240), urlsplit(postgres_url).path[1:]
    file.write_text(f"storage: {postgres_url.replace('+psycopg', '')}\n{file.read_text()}", encoding="utf-8")
    with subprocess.Popen(
        [*COMMAND, "run", str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ}
    ) as running:
        deadline = time.monotonic() + 120
        while len(kept(postgres, database)) < 40 and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[0].decode()
    before = kept(postgres, database)
    assert (running.returncode, len(before) >= 40, "Traceback" in said) == (130, True, False)
    ended = subprocess.run(
        [*COMMAND, "run", str(file), "--json"], capture_output=True, text=True, check=True, timeout=300
    )
    after = kept(postgres, database)
    assert before <= after
    spend = json.loads(ended.stdout)["findings"]["spend"]
    assert [(spend["calls"],)] == postgres.say(CALLS, database) == [(len(after),)]
    assert len(after) <= 240
    assert postgres.say("SELECT count(*) > 0 FROM trials WHERE state = 'COMPLETE'", database) == [(True,)]
    assert postgres.say("SELECT count(*) FROM trials WHERE state = 'RUNNING'", database) == [(0,)]
    assert postgres.say(f"SELECT count(*) FROM jointopt_studies WHERE study_text LIKE '%{HIDDEN}%'", database) == [(0,)]
    assert QUOTED_PASSWORD not in said + ended.stdout + ended.stderr + _report(file)


def _report(file: Path) -> str:
    """All pages that the run left."""
    return "".join(page.read_text(encoding="utf-8") for page in file.parent.rglob("*.html"))
