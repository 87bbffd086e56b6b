"""How many requests may be under way at one endpoint, when the next may go, and whether to ask again.

As TCP does: the number doubles with every round trip until the server first says that it is too much, and from then on
grows by one a round trip and falls by a fifth (Chiu & Jain 1989). What a server asks to wait, everyone waits. It does
not know what is asked.
"""

import asyncio
import itertools
import math
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from jointopt.providers.failure import LOST, TOO_MANY, Failure

START = 20  # requests at once before anything is known
LESS = 0.8  # of them after a refusal
TRIES = 5  # of a request that fails for another reason than too many requests
LONGEST_S = 60.0  # a pause between tries of one request
LOOK_UP_S = 0.25  # how soon a pause notices that nothing is to be asked again

_T = TypeVar("_T")


class Pace(Protocol):
    """Keeps a limit per minute, for all who share it."""

    def __call__(self, lane: str, seconds: float, /) -> float:
        """Book the next `seconds` of a lane; returns how long to wait until they begin."""


class Clock:
    """A pace of this process alone: what is booked follows what was booked before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._free_at = clock, dict[str, float]()

    def __call__(self, lane: str, seconds: float, /) -> float:
        """Book the next `seconds`."""
        now = self._clock()
        begins = max(now, self._free_at.get(lane, now))
        self._free_at[lane] = begins + seconds
        return begins - now


class Throttle:
    """One endpoint's gate.

    Args:
        most: requests under way at once, at most.
        backoff_s: the first pause before a request is repeated; each later one is twice as long, and up to half more
            by lot, so that workers spread.
        halted: whether nothing is to be asked again.
    """

    def __init__(self, most: int, backoff_s: float, halted: Callable[[], bool]) -> None:
        self.most, self.allowed, self.under_way = most, float(min(START, most)), 0
        self._backoff_s, self._halted = backoff_s, halted
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._crowded, self._fell_at, self._closed_until = False, 0.0, 0.0

    async def insist(self, ask: Callable[[], Awaitable[_T]], patience_s: float) -> _T:
        """Ask, and ask again after what may pass.

        Too many requests are waited for as long as patience lasts; other faults `TRIES` times.

        Args:
            ask: one attempt.
            patience_s: from the beginning of the first attempt to that of the last.

        Raises:
            Failure: the last one.
        """
        give_up_at, faults = math.inf, 0
        for times in itertools.count():
            await self._enter()
            try:
                give_up_at = min(give_up_at, time.monotonic() + patience_s)
                await self._wait_open(give_up_at)
                return await self._attempt(ask)
            except Failure as failure:
                faults += not failure.crowded
                pause_s = self._pause_s(failure, times)
                late = time.monotonic() + pause_s > give_up_at
                if not failure.passes or faults >= TRIES or late or self._halted():
                    raise
            finally:
                self.under_way -= 1
                self._wake()
            await self.rest(pause_s)
        raise AssertionError  # unreachable: count() has no end

    def close_for(self, seconds: float) -> None:
        """Let nobody in for so long: the server said so."""
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    async def _attempt(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        begun = time.monotonic()
        try:
            found = await ask()
        except Failure as failure:
            self._suffer(failure, begun)
            raise
        self._prosper()
        return found

    async def _wait_open(self, give_up_at: float) -> None:
        """Wait as long as the server said; but not for what comes too late."""
        while (shut_s := self._closed_until - time.monotonic()) > 0:
            if self._closed_until > give_up_at:
                raise Failure(TOO_MANY, f"the server asks to wait {shut_s:.0f} s", wait_s=shut_s)
            await self.rest(shut_s)

    async def _enter(self) -> None:
        """Wait for a place; whoever gives it away has counted it as taken."""
        if self.under_way < int(self.allowed) and not self._waiting:
            self.under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.under_way -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        """Give free places to those who have waited longest."""
        while self._waiting and self.under_way < int(self.allowed):
            place = self._waiting.popleft()
            if not place.done():
                self.under_way += 1
                place.set_result(None)

    def _prosper(self) -> None:
        """One more at once for every reply until the server was crowded once, then one more for every round."""
        self.allowed = min(self.allowed + (1 / self.allowed if self._crowded else 1), float(self.most))

    def _suffer(self, failure: Failure, begun: float) -> None:
        """Fewer at once, but once only for all that were under way together."""
        if failure.wait_s:
            self.close_for(failure.wait_s)
        if failure.crowded and begun >= self._fell_at:
            self.allowed, self._crowded, self._fell_at = max(self.allowed * LESS, 1.0), True, time.monotonic()

    def _pause_s(self, failure: Failure, times: int) -> float:
        """As long as the server asks, or twice as long as the last time; spread by lot."""
        spread = random.uniform(1, 1.5)
        least_s = min(self._backoff_s * 2 ** min(times, 30), LONGEST_S)
        return least_s * spread if failure.wait_s is None else failure.wait_s + self._backoff_s * (spread - 1)

    async def rest(self, seconds: float) -> None:
        """Wait, but look up now and then whether there still is something to wait for.

        Raises:
            Failure: there is not.
        """
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            if self._halted():
                raise Failure(LOST, "stopped before it was asked")
            await asyncio.sleep(min(left_s, LOOK_UP_S))
