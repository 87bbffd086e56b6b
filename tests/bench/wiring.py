"""Clients of one server, each asked for the same: bare ones, our provider alone, and the whole stack."""

import asyncio
import gc
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp

from jointopt.domain import Budget, Example, Message, Model, Price, Prompt, Request, Sample, Source, Space
from jointopt.evaluation import Draw, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.providers import connect
from jointopt.storage import Ledger, SamplePool, Settlement, Studies, open_database

QUESTION = "Natalia sold clips to 48 of her friends in April, and then half as many in May. How many did she sell? "
MAX_TOKENS = 64
SOURCE = Source("p", "m", 1.0)


@dataclass(frozen=True, slots=True)
class Load:
    """What a client is asked for."""

    url: str
    at_once: int
    requests: int
    n: int = 1
    warm: int = 0  # requests before the clock starts; 0: enough to open all connections


@dataclass(frozen=True, slots=True)
class Timing:
    """How fast it was, and what it cost this process."""

    per_s: float
    cpu_ms: float  # per sample


Contestant = Callable[[Load], Timing]


def aiohttp_alone(load: Load) -> Timing:
    """POST, read, and parse."""

    async def run() -> Timing:
        connector = aiohttp.TCPConnector(limit=load.at_once)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask(number: int) -> None:
                messages = [{"role": "user", "content": f"{QUESTION}{number}"}]
                body = {"model": "m", "messages": messages, "temperature": 1.0, "max_tokens": MAX_TOKENS}
                body |= {"n": load.n} if load.n > 1 else {}
                async with session.post(f"{load.url}/chat/completions", json=body) as reply:
                    assert json.loads(await reply.read())["choices"]

            return await _clock(load, lambda numbers: _in_turn(ask, numbers, load.at_once))

    return asyncio.run(run())


def litellm_alone(load: Load) -> Timing:
    """``litellm.acompletion`` with the arguments that our provider gives it."""
    lite = import_module("jointopt.providers.lite")  # not before it is needed: it takes seconds, and 165 MB

    async def ask(number: int) -> None:
        messages = [{"role": "user", "content": f"{QUESTION}{number}"}]
        where = {"model": "hosted_vllm/m", "api_base": load.url, "api_key": "none"}
        limits = {"timeout": 120.0, "max_retries": 0, "caching": False, "max_tokens": MAX_TOKENS}
        assert (await lite.litellm.acompletion(messages=messages, temperature=1.0, **where, **limits)).choices

    async def run() -> Timing:
        try:
            return await _clock(load, lambda numbers: _in_turn(ask, numbers, load.at_once))
        finally:
            await lite.close_litellm_async_clients()

    return asyncio.run(run())


def provider_alone(load: Load, client: str = "direct") -> Timing:
    """``Provider.complete``: the throttle and the reading of replies, no pool and no ledger."""
    model = _model(load, client)

    async def run() -> Timing:
        provider = connect(model)

        async def ask(number: int) -> None:
            await provider.complete(request(model, number), range(load.n))

        try:
            return await _clock(load, lambda numbers: _in_turn(ask, numbers, load.at_once))
        finally:
            await provider.close()

    return asyncio.run(run())


def litellm_provider(load: Load) -> Timing:
    """Our provider's way through LiteLLM."""
    return provider_alone(load, "litellm")


def stack(load: Load) -> Timing:
    """Draw over a pool and a ledger in SQLite, and every sample read and marked."""

    async def run() -> Timing:
        with draw_of(load) as draw:

            async def fill(numbers: Iterable[int]) -> None:
                examples = [Example(str(n), {"question": f"{QUESTION}{n}"}, "7") for n in numbers]
                wishes = [(draw.readings.request(SOURCE, example), load.n) for example in examples]
                await draw.fill(wishes, phase="search")
                for example in examples:
                    assert draw.readings.of(SOURCE, example)

            try:
                return await _clock(load, fill)
            finally:
                await draw.providers["m"].close()

    return asyncio.run(run())


@contextmanager
def draw_of(load: Load) -> Iterator[Draw]:
    """A whole stack on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        model = _model(load, "direct")
        database = open_database(f"sqlite:///{Path(folder) / 'pool.db'}")
        row = Studies(database).begin("s", "{}", "d")
        ledger = Ledger(database, row.id, Budget(calls=10**9))
        yield Draw(fresh_readings(model), SamplePool(database, row.id), ledger, {"m": connect(model)})


def fresh_readings(model: Model) -> Readings:
    """A study that remembers nothing yet."""
    space = Space({"p": Prompt("p", "{question}")}, {"m": model}, {"single": {}}, (1,), (1.0,))
    return Readings(space, Rubric.of(Exact()), seed=0, logprobs=False)


def resident_bytes(load: Load, parts: int, *, remember: bool) -> list[int]:
    """Bytes of this process after each of equal parts of a load. Run it in a process of its own.

    Args:
        load: in all.
        parts: of it.
        remember: whether the study keeps its samples, as studies do; else it begins anew with every part, so that what
            grows is what the stack itself holds on to.
    """
    sizes = []

    async def run() -> None:
        with draw_of(load) as draw:
            size = load.requests // parts
            model = _model(load, "direct")
            for part in range(parts):
                wishes = [(request(model, number), load.n) for number in range(part * size, (part + 1) * size)]
                await draw.fill(wishes, phase="search")
                del wishes
                if not remember:
                    draw.readings = fresh_readings(model)
                gc.collect()
                sizes.append(_resident_bytes())
            await draw.providers["m"].close()

    asyncio.run(run())
    return sizes


def writing_ms(batch: int, requests: int = 2048) -> tuple[float, float]:
    """CPU of this process for one sample that is kept and settled, so many at a time, and for one reservation."""
    model = Model("m", "hosted_vllm/m", Price(1, 2), MAX_TOKENS, base_url="http://127.0.0.1:1/v1")
    with draw_of(Load(model.base_url or "", 1, 1)) as draw:
        asked = [request(model, number) for number in range(requests)]
        for each in asked:
            assert each.key and each.body  # worked out before the clock starts: neither is the database's work
        started = time.process_time()
        ids = draw.ledger.reserve_many([draw.worst(each, 1) for each in asked], phase="search")
        reserved = time.process_time()
        sample = Sample(0, "0c5a3f11 1234.0 gives 7", input_tokens=140, output_tokens=23, cost_usd=1e-4, latency_s=0.05)
        spend = draw.worst(asked[0], 1)
        bought = [Settlement(each, [sample], id, spend) for each, id in zip(asked, ids, strict=True)]
        begun = time.process_time()
        for start in range(0, requests, batch):
            draw.pool.keep_and_settle(bought[start : start + batch])
        return 1000 * (time.process_time() - begun) / requests, 1000 * (reserved - started) / requests


def request(model: Model, number: int) -> Request:
    """One of many that differ."""
    return Request(model, (Message("user", f"{QUESTION}{number}"),), 1.0)


def _model(load: Load, client: str) -> Model:
    settings: dict[str, Any] = {"base_url": load.url, "concurrency": load.at_once, "client": client}
    return Model("m", "hosted_vllm/m", Price(1, 2), MAX_TOKENS, **settings)


async def _clock(load: Load, run: Callable[[Iterable[int]], Awaitable[None]]) -> Timing:
    """Warm up, and take the time of what follows."""
    warm = load.warm or 2 * load.at_once
    await run(range(warm))
    gc.collect()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    await run(range(warm, warm + load.requests))
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return Timing(load.requests / wall_s, 1000 * cpu_s / load.requests / load.n)


async def _in_turn(ask: Callable[[int], Awaitable[None]], numbers: Iterable[int], at_once: int) -> None:
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await ask(number)

    await asyncio.gather(*(work() for _ in range(at_once)))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()
