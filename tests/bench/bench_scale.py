"""What a study of 10,000 trials and 1,000,000 samples costs: to go on with it, to look at it, to keep its books.

Run by hand; ``bench_scale.py 100000 1000`` takes as many samples and trials. Times are of this machine; what counts are
the ratios to Optuna's own cold start on the same trials, and to its own bookkeeping.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from tests.bench.bookkeeping import asked, plainly, planned, suggested
from tests.bench.stocking import end_search, stock, write_study
from tests.hostile.spawned import spawned
from tests.postgres import Server, running_server

ROOT = Path(__file__).parents[2]
SAMPLES, TRIALS = 1_000_000, 10_000
ROUNDS, EACH = 5, 20  # of bookkeeping, in turns
PATIENCE_S = 900
LOOK = """
import resource, subprocess, sys, time
began_s = time.monotonic()
done = subprocess.run([sys.executable, "-m", "jointopt", *sys.argv[1:]], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
told = f"{time.monotonic() - began_s:.1f} s, of them {used.ru_utime + used.ru_stime:.1f} s of a processor"
sys.exit(f"{told}, {used.ru_maxrss // 1024} MB, exit code {done.returncode}")
"""


def main(given: Sequence[str]) -> None:
    """Both databases' bookkeeping, then the large study on PostgreSQL."""
    samples, trials = map(int, given) if given else (SAMPLES, TRIALS)
    with running_server() as postgres, tempfile.TemporaryDirectory() as folder, postgres.database() as store:
        for kind, url in (("PostgreSQL", store), ("SQLite", f"sqlite:///{folder}/books.db")):
            _bookkeeping(kind, url)
        with spawned("--settled") as provider, postgres.database() as large:
            path = write_study(Path(folder), large, provider.url, samples=samples)
            began_s = time.monotonic()
            held = stock(path, trials)
            print(f"\n{held:,} samples and {trials:,} trials, written in {time.monotonic() - began_s:.0f} s")
            _sizes(postgres, large, held)
            _look(path)


def _bookkeeping(kind: str, url: str) -> None:
    """One trial at a time, the ways of doing it in turn."""
    ways = {"plain Optuna": plainly, "planned": planned, "suggested": suggested, "ask alone": asked}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(way(url, f"{name} {turn}", EACH))
    unit = median(taken["plain Optuna"])
    told = ", ".join(f"{name} {median(each) / unit:.2f}" for name, each in taken.items())
    print(f"one trial's bookkeeping on {kind}, {1000 * unit:.0f} ms for plain Optuna; ratios: {told}", flush=True)


def _sizes(postgres: Server, url: str, held: int) -> None:
    database = urlsplit(url).path[1:]
    sizes = "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class WHERE relname LIKE 'jointopt_%'"
    rows = postgres.say(f"{sizes} AND relkind = 'r' AND pg_table_size(oid) > 1000000 ORDER BY 2 DESC", database)
    for name, table, index in rows:
        print(f"  {name}: {int(str(table)) / held:.0f} + {int(str(index)) / held:.0f} bytes a sample (table + index)")


def _look(path: Path) -> None:
    """To go on and to look, each in a process of its own."""
    optuna = _timed("optuna", path)
    print(f"Optuna's cold start: {optuna['ready_s']:.1f} s, {optuna['mb']} MB")
    end_search(path, ended=True)
    _resume(path, "when search and table are done", optuna)
    for words in (["status"], ["report", "--json"], ["report", "--json"], ["report"]):
        command = [sys.executable, "-c", LOOK, words[0], str(path), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        print(f"jointopt {' '.join(words)}: {' '.join(done.stderr.splitlines()[-2:])}", flush=True)
    end_search(path, ended=False)
    _resume(path, "in mid-search, where nothing says how far the plan is", optuna)
    _resume(path, "in mid-search, where an earlier run has said so", optuna)


def _resume(path: Path, when: str, optuna: dict[str, float]) -> None:
    try:
        found = _timed("resume", path)
    except subprocess.TimeoutExpired:
        print(f"resumed {when}: not ready to buy after {PATIENCE_S} s", flush=True)
        return
    ratio = found["ready_s"] / optuna["ready_s"]
    print(f"resumed {when}: opened after {found['opened_s']:.1f} s, ready to buy for phase {found['phase']!r}", end=" ")
    print(f"after {found['ready_s']:.1f} s ({ratio:.1f} times Optuna's), {found['mb']} MB", flush=True)


def _timed(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.resuming", what, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True, timeout=PATIENCE_S)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
