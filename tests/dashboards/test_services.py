"""Each service's very command, as docker-compose.yml has it, does its work as a local process on a real PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jointopt.search import close_trials, open_trials, reach_trials
from jointopt.storage import Studies, open_database
from tests.dashboards.compose import ROOT, filled, read_compose
from tests.loopback import free_port
from tests.postgres import PASSWORD, Server

PATIENCE_S = 120
PROGRAMS = {"python": [sys.executable], "jointopt": [sys.executable, "-m", "jointopt"]}


class Local:
    """The services of the compose file, brought to this machine: hosts and ports are those of the test.

    Args:
        url: of the database that stands for the service `postgres`.
        study: the folder that `begin` sees as /study.
    """

    def __init__(self, url: str, study: Path) -> None:
        self._services = filled(read_compose()["services"], {"POSTGRES_PASSWORD": PASSWORD, "STUDY": "quickstart"})
        self.trials, self.board = free_port(), free_port()
        self._words = {
            "postgres:5432/jointopt": url.rpartition("@")[2],
            "trials:13000": f"127.0.0.1:{self.trials}",
            "0.0.0.0": "127.0.0.1",
            "13000": str(self.trials),
            "8080": str(self.board),
            "/study/": f"{study}/",
            "/tmp/report.html": f"{study}/report.html",
        }

    def command(self, name: str) -> list[str]:
        """What a service runs."""
        service = self._services[name]
        return self._here([*service.get("entrypoint", ["jointopt"]), *service["command"]])

    def environment(self, name: str) -> dict[str, str]:
        """What a service finds in its environment, beside what every process needs."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return kept | {key: self._moved(value) for key, value in self._services[name]["environment"].items()}

    def is_well(self, name: str, **more: str) -> bool:
        """Whether a service's health check passes."""
        test = self._services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        environment = self.environment(name) | more
        done = subprocess.run(self._here(test[1:]), cwd=ROOT, env=environment, capture_output=True, check=False)
        return done.returncode == 0

    @contextmanager
    def running(self, name: str) -> Iterator["subprocess.Popen[str]"]:
        """A service's process, ended with the block."""
        process = subprocess.Popen(
            self.command(name), cwd=ROOT, env=self.environment(name), stderr=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)

    def wait_for(self, name: str, process: "subprocess.Popen[str]") -> None:
        """Wait until a service is well."""
        while not self.is_well(name):
            assert process.poll() is None, f"{name} stopped"
            time.sleep(0.2)

    def _here(self, words: list[str]) -> list[str]:
        moved = [self._moved(word) for word in words]
        return [*PROGRAMS.get(moved[0], [moved[0]]), *moved[1:]]

    def _moved(self, word: str) -> str:
        for there, here in self._words.items():
            if there in word:
                word = word.replace(there, here)
        return word


@pytest.fixture
def local(postgres_url: str, tmp_path: Path) -> Local:
    """The services on an empty database, and a small study."""
    study = tmp_path / "study"
    shutil.copytree(ROOT / "studies" / "quickstart", study, ignore=shutil.ignore_patterns("*.db*", "*.html"))
    file = study / "study.yaml"
    file.write_text(file.read_text().replace("calls: 16000", "calls: 6000"))
    return Local(postgres_url, study)


def test_the_health_check_of_postgresql_tells_up_from_down(local: Local, postgres: Server) -> None:
    """`pg_isready` as compose calls it succeeds on a server that answers, and fails where none does."""
    programs = f"{postgres._programs}:{os.environ['PATH']}"  # noqa: SLF001  # the server's own pg_isready
    assert local.is_well("postgres", PATH=programs, PGPORT=str(postgres.port))
    assert not local.is_well("postgres", PATH=programs, PGPORT=str(free_port()))


def test_proxy_and_dashboard_serve_the_studies(local: Local, postgres_url: str) -> None:
    """On an empty database the proxy makes its tables, the dashboard lists what it holds, each tells up from down."""
    assert not local.is_well("trials") and not local.is_well("dashboard")
    with local.running("trials") as proxy:
        local.wait_for("trials", proxy)
        through: Any = reach_trials(f"grpc://127.0.0.1:{local.trials}")
        assert through.get_all_studies() == []
        trials = open_trials(postgres_url, "a study", sampler="random", seed=1)
        close_trials(trials)
        assert [study.study_name for study in through.get_all_studies()] == ["a study"]
        through.close()
        with local.running("dashboard") as dashboard:
            local.wait_for("dashboard", dashboard)
            assert _listed(local.board) == ["a study"]
    assert not local.is_well("trials") and not local.is_well("dashboard")


@pytest.mark.parametrize("program", [["-m", "dashboards"], ["-m", "jointopt", "dashboard"]], ids=["module", "command"])
def test_the_dashboard_needs_a_database_only(program: list[str], postgres_url: str) -> None:
    """Without a proxy and without a study file it shows whichever studies a database holds."""
    trials = open_trials(postgres_url, "another", sampler="random", seed=1)
    close_trials(trials)
    port = free_port()
    command = [sys.executable, *program, "--storage", postgres_url, "--port", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        assert _listed(port, running) == ["another"]
    finally:
        running.terminate()
        running.communicate(timeout=PATIENCE_S)


def _listed(port: int, running: "subprocess.Popen[bytes] | None" = None) -> list[str]:
    """The studies that the dashboard lists, once it answers."""
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/studies", timeout=30) as answer:
                return [study["study_name"] for study in json.load(answer)["study_summaries"]]
        except OSError:
            assert running is not None and running.poll() is None
            time.sleep(0.2)


def test_a_worker_joins_a_study_that_is_begun_later(local: Local, postgres_url: str) -> None:
    """The worker waits for the study that `begin` begins, works on it, and ends with it; both checks pass meanwhile."""
    open_database(postgres_url).close()
    with local.running("worker") as worker:
        assert worker.stderr is not None and "waiting for study 'quickstart'" in worker.stderr.readline()
        assert local.is_well("worker") and not local.is_well("worker", JOINTOPT_STORAGE="postgresql://127.0.0.1:1/none")
        command, environment = local.command("begin"), local.environment("begin")
        begun = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert begun.returncode == 0, begun.stderr
        _, said = worker.communicate(timeout=PATIENCE_S)
        assert worker.returncode == 0 and "has finished" in said
    database = open_database(postgres_url)
    assert Studies(database).find("quickstart").state == "finished"
    database.close()
