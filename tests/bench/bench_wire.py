"""How fast samples come over the wire, and what they cost this machine: run by hand, prints ratios.

A server in a process of its own answers after 50 ms or at once. Clients take turns, so that whatever else the machine
does falls on all of them; ratios are of neighbours, and their medians are shown. LiteLLM runs in a second process: what
it brings along slows nobody else down. It takes some eight minutes; ``bench_wire.py cpu memory`` runs parts of it, and
``bench_wire.py profile`` says where the time of the whole stack goes.
"""

import cProfile
import multiprocessing
import pstats
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from tests.bench.wiring import (
    Contestant,
    Load,
    Timing,
    aiohttp_alone,
    litellm_alone,
    litellm_provider,
    provider_alone,
    resident_bytes,
    stack,
    writing_ms,
)
from tests.hostile.spawned import Spawned, spawned

ROUNDS = 3
DELAYS_MS = 50, 0
OURS: dict[str, Contestant] = {"aiohttp": aiohttp_alone, "provider": provider_alone, "stack": stack}
THEIRS: dict[str, Contestant] = {"LiteLLM": litellm_alone, "via LiteLLM": litellm_provider}
REQUESTS = {1: (20, 300), 16: (300, 800), 64: (1000, 1000), 256: (2000, 2000), 1024: (3000, 3000)}
SLOWER = {1: (15, 40), 16: (100, 100), 64: (150, 150), 256: (300, 300)}  # for LiteLLM; by concurrency and delay
AT_ONCE = 256  # where LiteLLM is compared with
SAMPLES, N, PARTS = 100_000, 8, 5

Row = dict[str, list[Timing]]


def main(wanted: Sequence[str]) -> None:
    """Rates, CPU, memory, and what SQL costs; or what is wanted of them."""
    parts = {"rates": _rates, "cpu": _cpu, "memory": _memory, "sql": _writing, "profile": _profile}
    for name in wanted or ("rates", "cpu", "memory", "sql"):
        parts[name]()


def _rates() -> None:
    names = [*OURS, *THEIRS]
    print(f"requests/s with n = 1, medians of {ROUNDS}")
    print(f"{'delay':>8}{'at once':>8}" + "".join(f"{name:>12}" for name in names) + "   stack/aiohttp  via/LiteLLM")
    with _apart() as apart:
        for place, delay_ms in enumerate(DELAYS_MS):
            with spawned("--delay-ms", str(delay_ms)) as server:
                for at_once in REQUESTS:
                    row = _row(server, at_once, place, apart)
                    _show(delay_ms, at_once, row, names)


def _row(server: Spawned, at_once: int, place: int, apart: ProcessPoolExecutor) -> Row:
    """Every client in turn, round by round."""
    row: Row = defaultdict(list)
    for _ in range(ROUNDS):
        load = Load(server.url, at_once, REQUESTS[at_once][place])
        for name, contestant in OURS.items():
            row[name].append(contestant(load))
        if at_once in SLOWER:
            load = Load(server.url, at_once, SLOWER[at_once][place])
            for name, contestant in THEIRS.items():
                row[name].append(apart.submit(contestant, load).result())
    return row


def _show(delay_ms: int, at_once: int, row: Row, names: list[str]) -> None:
    rates = "".join(f"{median(each.per_s for each in row[name]):12,.0f}" if row[name] else " " * 12 for name in names)
    ratios = f"{_ratio(row, 'stack', 'aiohttp'):16.2f}"
    ratios += f"{_ratio(row, 'via LiteLLM', 'LiteLLM'):13.2f}" if at_once in SLOWER else ""
    print(f"{delay_ms:5} ms{at_once:8}{rates}{ratios}", flush=True)
    if at_once == AT_ONCE:
        print(f"{'':16}the stack is {_ratio(row, 'stack', 'LiteLLM'):.1f} times as fast as LiteLLM", flush=True)


def _ratio(row: Row, over: str, under: str) -> float:
    """The median of neighbours' ratios."""
    pairs = zip(row[over], row[under], strict=True)
    return median(mine.per_s / theirs.per_s for mine, theirs in pairs)


def _cpu() -> None:
    print(f"\nCPU of the client, ms a sample with n = {N}, 64 at once")
    for delay_ms in DELAYS_MS:
        with spawned("--delay-ms", str(delay_ms)) as server:
            load = Load(server.url, 64, 1000, n=N)
            row = {name: [contestant(load) for _ in range(ROUNDS)] for name, contestant in OURS.items()}
        told = ", ".join(f"{name} {median(each.cpu_ms for each in timings):.3f}" for name, timings in row.items())
        print(f"{delay_ms:5} ms: {told}", flush=True)


def _memory() -> None:
    print(f"\nmemory over {SAMPLES:,} samples with n = {N}, in {PARTS} parts, from the first part's end")
    with spawned() as server:
        load = Load(server.url, 64, SAMPLES // N, n=N)
        for told, remember in (("a study, with its samples", True), ("the stack alone", False)):
            with _apart() as apart:
                sizes = apart.submit(resident_bytes, load, PARTS, remember=remember).result()
            grown = (sizes[-1] - sizes[0]) / (SAMPLES * (PARTS - 1) / PARTS)
            steps = " ".join(f"{size / 1e6:.0f}" for size in sizes)
            print(f"{told:28}{steps} MB: {grown:,.0f} bytes a sample", flush=True)


def _writing() -> None:
    print("\nSQL, ms of CPU a sample (SQLite)")
    for batch in (1, 8, 64, 512):
        kept, reserved = (median(times) for times in zip(*(writing_ms(batch) for _ in range(ROUNDS)), strict=True))
        print(f"{batch:5} at a time: {kept:.3f} to keep and settle, {reserved:.3f} to reserve")


def _apart() -> ProcessPoolExecutor:
    """One further process, which begins with nothing of this one's."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _profile() -> None:
    """Where the time goes, of the event loop's thread."""
    with spawned() as server:
        stack(Load(server.url, 1, 10))  # imports
        with cProfile.Profile() as profile:
            print(stack(Load(server.url, AT_ONCE, 3000)))
    pstats.Stats(profile).sort_stats("tottime").print_stats(35)
    pstats.Stats(profile).sort_stats("cumtime").print_stats("jointopt", 35)


if __name__ == "__main__":
    main(sys.argv[1:])
