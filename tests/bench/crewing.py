"""Workers of one study, as processes of their own, and what they and the database's server took.

Run as a module it is one such worker: it opens the study, says so, waits for a line, and works. What it took it prints
as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jointopt.config import read_study
from jointopt.evaluation import Draw
from jointopt.study import Study
from tests.hostile.spawned import Spawned
from tests.postgres import Server

ROOT = Path(__file__).parents[2]
PROMPTS, EXAMPLES = 24, 140
STUDY = """
name: crowd
storage: {store}
task: {{data: examples.jsonl, sealed: 20}}
prompts: {{{prompts}}}
models:
  m: {{endpoint: hosted_vllm/m, base_url: "{url}", max_tokens: 32, concurrency: {at_once},
       price: {{input: 1, output: 2}}, extra: {{seed: 7}}}}
strategies: [single, majority]
n: [1, 4, 8]
budget: {{calls: {calls}}}
sampler: joint
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_S = 0.02  # how often the provider is asked for its bill


@dataclass(frozen=True, slots=True)
class Took:
    """What a study took, from its first sample to its last.

    Attributes:
        samples: bought.
        seconds: from the first to the last, by the provider's bill.
        planning: the share of the conductor's time in which it did not buy.
        workers_s: CPU of all workers, start-up left out.
        server_s: CPU of the database's server.
        commits: of it.
        wal_bytes: that it wrote.
    """

    samples: int
    seconds: float
    planning: float
    workers_s: float
    server_s: float
    commits: int
    wal_bytes: int

    @property
    def per_s(self) -> float:
        """Samples a second."""
        return self.samples / self.seconds


def write_study(folder: Path, store: str, url: str, *, at_once: int, calls: int) -> Path:
    """A study file whose rounds are some hundred samples; returns where it is."""
    asked = [{"question": f"What is {k} plus {k + 1}?", "answer": str(2 * k + 1)} for k in range(EXAMPLES)]
    (folder / "examples.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    texts = ", ".join(f'p{k}: "{{question}} Way {k}."' for k in range(PROMPTS))
    told = STUDY.format(store=store, url=url, prompts=texts, at_once=at_once, calls=calls)
    path = folder / "study.yaml"
    path.write_text(told, encoding="utf-8")
    return path


def run_crew(path: Path, workers: int, postgres: Server, store: str, provider: Spawned) -> Took:
    """Have so many workers, who are all ready when it begins, run a study to its end."""
    database = urlsplit(store).path[1:]
    crew = [_start(path) for _ in range(workers)]
    for each in crew:
        assert each.stdout is not None
        assert each.stdout.readline().strip() == "ready"
    before, counted = _counts(postgres, database), _bill(provider)
    server_s = _server_cpu_s(postgres)
    for each in crew:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    first_s, last_s, bill = _watch(crew, provider, counted)
    told = [json.loads(each.communicate(timeout=60)[0].splitlines()[-1]) for each in crew]
    server_s, after = _server_cpu_s(postgres) - server_s, _counts(postgres, database)
    conductor = max(told, key=lambda one: one["conducted_s"])
    return Took(
        samples=bill - counted,
        seconds=last_s - first_s,
        planning=1 - conductor["buying_s"] / conductor["conducted_s"],
        workers_s=sum(one["cpu_s"] for one in told),
        server_s=server_s,
        commits=after[0] - before[0],
        wal_bytes=after[1] - before[1],
    )


def _start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.crewing", str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _watch(crew: Sequence[subprocess.Popen[str]], provider: Spawned, counted: int) -> tuple[float, float, int]:
    """When the first sample came and when the last, and the bill at the end."""
    first_s = last_s = 0.0
    seen = counted
    while any(each.poll() is None for each in crew):
        bill, now = _bill(provider), time.monotonic()
        if bill > seen:
            first_s, last_s, seen = first_s or now, now, bill
        time.sleep(_LOOK_S)
    return first_s, last_s, seen


def _bill(provider: Spawned) -> int:
    return int(provider.account()["bill"]["completions"])


def _counts(postgres: Server, database: str) -> tuple[int, int]:
    """Commits in a database, and bytes that the server has written ahead."""
    time.sleep(1.1)  # the server counts up to a second late
    commits = postgres.say(f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{database}'")[0][0]
    written = postgres.say("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0]
    return int(str(commits)), int(str(written))


def _server_cpu_s(postgres: Server) -> float:
    """CPU of the server's processes, those that have ended too."""
    first = int((postgres.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
        if int(stat.parent.name) == first:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == first:
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _work(path: Path) -> dict[str, float]:
    """Be one worker, and say what that took."""
    buying_s, fill = [0.0], Draw.fill

    async def timed(self: Draw, *words: Any, **named: Any) -> None:
        begun_s = time.monotonic()
        try:
            await fill(self, *words, **named)
        finally:
            buying_s[0] += time.monotonic() - begun_s

    with Study(read_study(path)) as study:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        Draw.fill = timed  # type: ignore[method-assign]
        began_s, cpu_s = time.monotonic(), _cpu_s()
        conducted = study.work(again=True)
        took_s = time.monotonic() - began_s
        return {
            "conducted_s": took_s if conducted else 0.0,
            "buying_s": buying_s[0],
            "cpu_s": _cpu_s() - cpu_s,
        }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_work(Path(sys.argv[1]))) + "\n")
