"""How much faster more workers finish one study, and what sharing costs: run by hand, prints ratios to one worker.

A provider answers after 50 ms. Workers are ready before the clock starts; it runs from the first sample to the last by
the provider's bill, and so holds the conductor's planning, while the others have nothing to buy. Provider, workers and
database share one machine: once its processors are busy, more workers cannot be faster, and the last column says so.
``bench_workers.py 8 16`` names the requests that a worker has under way at once.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.crewing import Took, run_crew, write_study
from tests.hostile.spawned import spawned
from tests.postgres import running_server

WORKERS = 1, 2, 4, 8
AT_ONCE, CALLS, DELAY_MS = 8, 24_000, 50


def main(given: Sequence[str]) -> None:
    """One table for each number of requests under way at once."""
    with running_server() as postgres, spawned("--delay-ms", str(DELAY_MS), "--settled") as provider:
        for at_once in map(int, given or (AT_ONCE,)):
            alone: Took | None = None
            print(
                f"{at_once} requests under way at once in each worker: one could buy {at_once * 1000 / DELAY_MS:.0f}/s"
            )
            for workers in WORKERS:
                with postgres.database() as store, tempfile.TemporaryDirectory() as folder:
                    path = write_study(Path(folder), store, provider.url, at_once=at_once, calls=CALLS)
                    took = run_crew(path, workers, postgres, store, provider)
                alone = alone or took
                _show(workers, took, alone)


def _show(workers: int, took: Took, alone: Took) -> None:
    busy = (took.workers_s + took.server_s) / took.seconds / (os.cpu_count() or 1)
    faster = took.per_s / alone.per_s
    buying = faster * (1 - alone.planning) / (1 - took.planning)
    own_ms, server_ms = 1000 * took.workers_s / took.samples, 1000 * took.server_s / took.samples
    dearer = server_ms / (1000 * alone.server_s / alone.samples)
    print(
        f"{workers} workers: {took.per_s:4.0f} samples/s, {faster:.2f} times one worker ({buying:.2f} while they buy)"
    )
    print(f"   {took.samples:,} samples; {took.planning:.0%} of the time nothing is bought; processors {busy:.0%} busy")
    print(
        f"   a sample: {own_ms:.2f} ms of workers' CPU, {server_ms:.2f} of the server's ({dearer:.1f} times as much),"
    )
    print(f"   {took.commits / took.samples:.2f} commits, {took.wal_bytes / took.samples:.0f} bytes of WAL", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
