"""A model behind a network: n completions in as few requests as its endpoint keeps its promise for.

What an endpoint does with ``n`` is counted, never trusted: what is missing is asked for again, and where it is refused
or capped, requests are split. It does not know how a request travels: a client does.
"""

import asyncio
import itertools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from jointopt.domain import Model, Price, Request, Sample
from jointopt.errors import KeyRefused, ModelError, ProviderError
from jointopt.providers.base import Provider
from jointopt.providers.failure import LOST, OUT_OF_SHAPE, Failure, explain
from jointopt.providers.prices import price_of
from jointopt.providers.reply import Reply, most_input_tokens
from jointopt.providers.throttle import Clock, Pace, Throttle

ALIKE = 3  # replies in a row that fall short by the same number before it is taken for the most that there is
_MINUTE_S = 60.0

Address = tuple[str, str | None]


class Client(ABC):
    """Sends one request once."""

    @abstractmethod
    async def ask(self, request: Request, n: int, key: str | None) -> Reply:
        """The reply to a request for n completions.

        Args:
            request: what is sent.
            n: completions.
            key: sent with it; None: there is none, or the client knows the vendor's usual variable.

        Raises:
            Failure: none came.
        """

    def key_names(self, model: Model) -> tuple[str, ...]:
        """The environment variables whose keys it is to be given."""
        return model.key_envs

    async def close(self) -> None:  # noqa: B027  not every client holds something
        """Let go of connections."""


class Remote(Provider):
    """Completes requests through a client.

    Args:
        client: sends them.
        backoff_s: the first pause before a request is repeated.
    """

    may_split = True

    def __init__(self, client: Client, *, backoff_s: float = 1.0) -> None:
        self.client, self._backoff_s = client, backoff_s
        self._pace: Pace = Clock()
        self._halted = False
        self._throttles: dict[Address, Throttle] = {}
        self._most: dict[Address, int] = {}  # completions in one request
        self._short: dict[Address, list[int]] = {}  # how many came, of the last replies, where all fell short
        self._troubles: dict[Address, ModelError] = {}  # met when something had come already, told the next time
        self._turns: dict[Address, Iterator[int]] = {}  # of keys
        self._queues: dict[Address, asyncio.Lock] = {}  # who waits for a limit per minute

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample for each replicate number; those that could not be had say why, unless none could.

        Fewer come only when it is halted: what was not asked is no failure.
        """
        address = _address(request.model)
        if address in self._troubles:
            raise self._troubles.pop(address)
        samples: list[Sample] = []
        failures: list[ModelError | ProviderError] = []
        while len(samples) < len(replicates) and not failures:
            for outcome in await self._portions(request, len(replicates) - len(samples)):
                if isinstance(outcome, list):
                    samples += outcome
                else:
                    failures.append(outcome)
        if failures and not samples:
            raise failures[0]
        if not self._halted:
            samples += [_failed(failures[0]) for _ in replicates[len(samples) :]]
        trouble = next((error for error in failures if isinstance(error, ModelError)), None)
        if trouble is not None:  # what came is paid for, and kept first
            self._troubles[address] = trouble
        return [
            sample if sample.replicate == number else replace(sample, replicate=number)
            for sample, number in zip(samples, replicates, strict=False)
        ]

    def price(self, model: Model) -> Price:
        """The study file's price, else the one that LiteLLM lists."""
        return price_of(model)

    def count_tokens(self, request: Request) -> int:
        """An upper bound, without a tokenizer."""
        return most_input_tokens(request)

    def halt(self, halted: bool) -> None:
        """No further tries."""
        self._halted = halted

    def keep(self, pace: Pace) -> None:
        """Keep to it."""
        self._pace = pace

    async def close(self) -> None:
        """Let go of the client's connections."""
        self._queues.clear()  # they belong to this event loop
        await self.client.close()

    async def _portions(self, request: Request, n: int) -> list[list[Sample] | ModelError | ProviderError]:
        most = min(self._most.get(_address(request.model), n), n)
        sizes = [min(most, n - start) for start in range(0, n, most)]
        if len(sizes) == 1:
            return [await self._portion(request, n)]
        return await asyncio.gather(*(self._portion(request, size) for size in sizes))

    async def _portion(self, request: Request, n: int) -> list[Sample] | ModelError | ProviderError:
        """Some of n samples, perhaps none yet; an error is returned, so that what others got is not lost."""
        address = _address(request.model)
        try:
            price = self.price(request.model)
            keys = read_keys(request.model, self.client.key_names(request.model))
            throttle = self._throttle(request.model)
            reply = await throttle.insist(partial(self._ask, request, n, keys), request.model.patience_s)
        except Failure as failure:
            if n > 1 and failure.refuses_n:
                self._most[address] = min(self._most.get(address, n), n // 2)
                return []
            return explain(failure, request)
        except (ModelError, ProviderError) as error:
            return error
        if reply.wait_s:
            throttle.close_for(reply.wait_s)
        samples = reply.samples(n, price)
        self._count(address, n, len(samples))
        return samples

    async def _ask(self, request: Request, n: int, keys: Sequence[str]) -> Reply:
        """One attempt, with the next key, when the limits per minute allow it."""
        await self._in_time(request, n)
        turns = self._turns.setdefault(_address(request.model), itertools.count())
        key = keys[next(turns) % len(keys)] if keys else None
        reply = await self.client.ask(request, n, key)
        if not reply.choices:
            raise Failure(OUT_OF_SHAPE, "the server returned no choice")
        return reply

    async def _in_time(self, request: Request, n: int) -> None:
        """Wait for the limits per minute. One request at a time books, so that a stop leaves nothing booked behind."""
        model = request.model
        shares = {}
        if model.requests_per_minute:
            shares["requests"] = 1 / model.requests_per_minute
        if model.tokens_per_minute:
            tokens = self.count_tokens(request) + n * model.max_tokens
            shares["tokens"] = tokens / model.tokens_per_minute
        if not shares:
            return
        async with self._queues.setdefault(_address(model), asyncio.Lock()):
            if self._halted:
                raise Failure(LOST, "stopped before it was asked")
            waits = [await self._book(model, kind, minutes) for kind, minutes in shares.items()]
            await self._throttle(model).rest(max(waits))

    async def _book(self, model: Model, kind: str, minutes: float) -> float:
        """In a thread: a pace that is shared between processes asks a database."""
        lane = f"{kind} of {model.endpoint} at {model.base_url or 'its vendor'}"
        return await asyncio.to_thread(self._pace, lane, minutes * _MINUTE_S)

    def _throttle(self, model: Model) -> Throttle:
        address = _address(model)
        if address not in self._throttles:
            self._throttles[address] = Throttle(model.concurrency, self._backoff_s, lambda: self._halted)
        return self._throttles[address]

    def _count(self, address: Address, asked: int, came: int) -> None:
        """Whether n was kept: the same number too few times is the most that the endpoint gives."""
        if came >= asked:
            self._short.pop(address, None)
            return
        last = self._short.setdefault(address, [])
        last.append(came)
        if last[-ALIKE:] == [came] * ALIKE:
            self._most[address] = came


def read_keys(model: Model, names: Sequence[str]) -> list[str]:
    """The keys that stand in environment variables.

    Raises:
        KeyRefused: a variable is not set, or holds no key.
    """
    keys = []
    for name in names:
        key = os.environ.get(name, "").strip()
        if not key:
            where, mend = f"models.{model.id}.key_env", f"export {name}=..."
            raise KeyRefused(f"the environment variable {name} is not set", where=where, mend=mend)
        if not key.isprintable():
            where, mend = f"models.{model.id}.key_env", f"export {name}=... again, in one line"
            raise KeyRefused(f"the key in {name} holds a control character", where=where, mend=mend)
        keys.append(key)
    return keys


def _address(model: Model) -> Address:
    return model.endpoint, model.base_url


def _failed(error: ModelError | ProviderError) -> Sample:
    return Sample(replicate=0, text="", finish="error", error=str(error).partition("\n")[0])
