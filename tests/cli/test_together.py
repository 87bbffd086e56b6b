"""Several processes at one study, on the command line: they join, are stopped, go on, and leave nobody behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jointopt.storage import Crew, Studies, open_database
from tests.hostile.server import Server, serving

COMMAND = [sys.executable, "-m", "jointopt"]
STUDY = """
name: many
task: {data: examples.jsonl, sealed: 20}
prompts: {a: "{question}", b: "{question} Please."}
models:
  m: {endpoint: hosted_vllm/m, base_url: "URL", max_tokens: 32, concurrency: 2, price: {input: 1, output: 1}}
strategies: [single, majority]
n: [1, 4]
sampler: grid
budget: {calls: CALLS}
storage: sqlite:///many.db
"""
WriteStudy = Callable[[Server, int], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteStudy:
    """Writes a study whose model is at a server, with a budget of so many calls."""
    rows = "\n".join(f'{{"question": "{k} plus 1?", "answer": "{k + 1}"}}' for k in range(60))
    (tmp_path / "examples.jsonl").write_text(rows, encoding="utf-8")

    def put(server: Server, calls: int) -> Path:
        file = tmp_path / "study.yaml"
        file.write_text(STUDY.replace("URL", server.url).replace("CALLS", str(calls)), encoding="utf-8")
        return file

    return put


def _start(*arguments: str, cwd: Path, **known: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, **known},
    )  # fmt: skip


def _say(*arguments: str, cwd: Path, **known: str) -> "subprocess.CompletedProcess[str]":
    process = _start(*arguments, cwd=cwd, **known)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _workers(folder: Path, least: int, process: "subprocess.Popen[str]") -> list[str]:
    """The names of the workers that live, once there are so many."""
    deadline, url = time.monotonic() + 90, f"sqlite:///{folder / 'many.db'}"
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "many.db").exists():
            database = open_database(url, create=False)
            rows = [row for row in Studies(database).all() if row.name == "many"]
            living = [one.name for row in rows for one in Crew(database, row.id).living()]
            database.close()
            if len(living) >= least:
                return living
        time.sleep(0.1)
    raise AssertionError(f"no {least} workers; {process.communicate(timeout=60)}")


def _gone(names: list[str]) -> bool:
    """Whether all these processes end soon."""
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{name.split(':')[1]}").exists() for name in names) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(Path(f"/proc/{name.split(':')[1]}").exists() for name in names)


def test_local_workers_buy_together_and_end_with_the_study(write: WriteStudy, tmp_path: Path) -> None:
    """Three processes; status shows them while they work; each sample is bought once, and nobody is left."""
    with serving(delay_s=0.6) as server:
        write(server, 600)
        running = _start("run", "study.yaml", "--workers", "3", "--json", cwd=tmp_path)
        names = _workers(tmp_path, 3, running)
        told = json.loads(_say("status", "study.yaml", "--json", cwd=tmp_path).stdout)
        out, err = running.communicate(timeout=240)
        bill = server.bill.completions
    assert running.returncode == 0, err
    assert told["state"] == "running" and len(told["members"]) == 3 and told["budget"]["calls"] == 600
    assert json.loads(out)["findings"]["spend"]["calls"] == bill
    assert _gone(names)
    again = _say("worker", "--study", "many", JOINTOPT_STORAGE="sqlite:///many.db", cwd=tmp_path)
    assert again.returncode == 0 and "has finished" in again.stderr


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_local_workers_end_with_who_started_them(write: WriteStudy, tmp_path: Path, blow: signal.Signals) -> None:
    """Even where that is killed; SIGTERM is Ctrl-C."""
    with serving(delay_s=0.5) as server:
        write(server, 2000)
        running = _start("run", "study.yaml", "--workers", "2", cwd=tmp_path)
        names = _workers(tmp_path, 2, running)
        running.send_signal(blow)
        _, err = running.communicate(timeout=90)
        assert _gone(names)
    assert running.returncode == (-signal.SIGKILL if blow == signal.SIGKILL else 130)
    assert "Traceback" not in err


def test_what_a_script_runs_in_the_background_is_terminated(write: WriteStudy, tmp_path: Path) -> None:
    """A shell has its background jobs ignore SIGINT; SIGTERM ends the run and its local workers all the same."""
    with serving(delay_s=0.5) as server:
        write(server, 2000)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            running = _start("run", "study.yaml", "--workers", "2", cwd=tmp_path)
        finally:
            signal.signal(signal.SIGINT, before)
        names = _workers(tmp_path, 2, running)
        running.terminate()
        _, err = running.communicate(timeout=90)
        assert _gone(names)
    assert (running.returncode, "Traceback" in err) == (130, False)


def test_a_comparison_is_terminated_as_it_is_interrupted(write: WriteStudy, tmp_path: Path) -> None:
    """What is under way arrives, is paid and kept."""
    with serving(delay_s=0.5) as server:
        write(server, 2000)
        running = _start("compare", "study.yaml", cwd=tmp_path)
        _workers(tmp_path, 1, running)
        running.terminate()
        _, err = running.communicate(timeout=90)
        bill = server.bill.completions
    assert (running.returncode, "Traceback" in err) == (130, False)
    assert json.loads(_say("status", "study.yaml", "--json", cwd=tmp_path).stdout)["spend"]["calls"] == bill


def test_a_study_is_stopped_and_resumed_by_its_name(write: WriteStudy, tmp_path: Path) -> None:
    """A worker that waited for it and the run leave; it goes on without its files; who follows it sees its end."""
    with serving(delay_s=1.0) as server:
        file, url = write(server, 240), {"JOINTOPT_STORAGE": f"sqlite:///{tmp_path / 'many.db'}"}
        worker = _start("worker", "--study", "many", "--wait", cwd=tmp_path, **url)
        assert worker.stderr and "waiting for study 'many'" in worker.stderr.readline()
        running = _start("run", "study.yaml", cwd=tmp_path)
        _workers(tmp_path, 2, running)
        stopped = _say("stop", "many", cwd=tmp_path, **url)
        assert "many: stopped; its 2 workers leave" in stopped.stdout and "jointopt resume many" in stopped.stdout
        assert running.communicate(timeout=90)[1].count("stopped") and running.returncode == 130
        said = worker.communicate(timeout=90)[1]
        assert worker.returncode == 0 and "resume" in said
        server.delay_s = 0.05
        assert "many: stopped already" in _say("stop", "study.yaml", cwd=tmp_path).stdout
        idle = _say("worker", "--study", "many", cwd=tmp_path, **url)
        assert idle.returncode == 0 and "jointopt resume many" in idle.stderr
        file.unlink()
        (tmp_path / "examples.jsonl").unlink()
        resumed = _start("resume", "many", cwd=tmp_path, **url)
        _workers(tmp_path, 1, resumed)
        followed = _say("status", "many", "--follow", "--json", cwd=tmp_path, **url)
        _, err = resumed.communicate(timeout=240)
        bill = server.bill.completions
    assert resumed.returncode == 0, err
    assert (tmp_path / "many-report.html").stat().st_size > 100_000
    told = [json.loads(line) for line in followed.stdout.splitlines()]
    assert {one["state"] for one in told} <= {"running", "finished"} and told[-1]["state"] == "finished"
    assert told[-1]["spend"]["calls"] == bill
    assert "many has finished" in _say("stop", "many", cwd=tmp_path, **url).stdout


def test_ctrl_c_ends_a_follower_quietly(write: WriteStudy, tmp_path: Path) -> None:
    """With exit code 0, and the study runs on."""
    with serving(delay_s=0.5) as server:
        write(server, 1000)
        running = _start("run", "study.yaml", cwd=tmp_path)
        _workers(tmp_path, 1, running)
        following = _start("status", "study.yaml", "--follow", cwd=tmp_path)
        assert following.stdout is not None
        assert "many: running" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=60)
        assert (following.returncode, err) == (0, "")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)


def test_a_worker_that_fails_is_told_of(write: WriteStudy, tmp_path: Path) -> None:
    """With its last lines; the others go on."""
    with serving(delay_s=0.2, keys=["right"]) as server:
        file = write(server, 200)
        file.write_text(file.read_text().replace("max_tokens", "key_env: A_KEY, max_tokens"))
        (tmp_path / "sitecustomize.py").write_text(
            "import os, sys\nif '--leashed' in sys.orig_argv:\n    os.environ.pop('A_KEY', None)\n"
        )
        done = _say("run", "study.yaml", "--workers", "2", cwd=tmp_path, A_KEY="right", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "worker 2 ended with code 2:" in done.stderr and "A_KEY is not set" in done.stderr
