"""What a worker of a study does until it has finished: conduct it, or buy for the one who does.

Whoever conducts plans and decides; all others buy what it orders. When it falls silent, one of them takes its place,
and goes on as a run does after a stop. It does not know what conducting comes to.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jointopt.errors import KeyRefused, StudyLost, StudyStopped
from jointopt.evaluation import Desk, Round
from jointopt.storage import Beat, Orders, State
from jointopt.study.parts import Parts, models_of
from jointopt.study.pulse import Pulse

LOOK_EVERY_S = 0.5
_LOG = logging.getLogger("jointopt")
STOPPED = "the study was stopped: `jointopt run` or `jointopt resume` goes on with it"


@dataclass(frozen=True, slots=True)
class Duty:
    """What a study has its workers do.

    Attributes:
        begin: gives the parts, which know nothing of what the pool holds.
        conduct: runs every phase that has not ended; is told whether others worked up to now.
        rest: lets go of the models' connections.
    """

    begin: Callable[[], Parts]
    conduct: Callable[[bool], Awaitable[None]]
    rest: Callable[[], Awaitable[None]]


class Shift:
    """One worker's time at a study.

    Args:
        pulse: of this worker, who has joined.
        duty: what is to be done.
    """

    def __init__(self, pulse: Pulse, duty: Duty) -> None:
        self.pulse, self.crew, self.duty = pulse, pulse.crew, duty
        self.orders = Orders(self.crew.database, self.crew.study_id, self.crew.name)
        self._said: Beat | None = None  # that it conducts no more
        self._joined_in = self._waiting = False  # whether others worked up to now; for one who was told to stop

    def work(self, *, again: bool) -> bool:
        """Work until the study has finished; returns whether this worker conducted it to its end.

        Args:
            again: whether a study that was stopped goes on.

        Raises:
            StudyStopped: somebody has stopped it, or deleted it.
            KeyRefused: a model refuses this worker; the others go on.
        """
        while True:
            if self.crew.conduct(again=again):
                if self._conduct():
                    return True
            elif (state := self.pulse.beat().state) == "finished":
                return False
            elif state == "running":
                self._buy()
            else:
                self._wait_for_leavers(state, again=again)
                continue
            again, self._joined_in = False, True

    def _wait_for_leavers(self, state: State, *, again: bool) -> None:
        """Wait a moment where a study is to go on whose conductor was told to stop, and has not left yet."""
        if state == "elsewhere":
            raise StudyStopped("the study has been deleted")
        if not again:
            raise StudyStopped(STOPPED)
        if not self._waiting:
            _LOG.warning("the study goes on as soon as what was under way when it was stopped has arrived")
        self._waiting = True
        time.sleep(LOOK_EVERY_S)

    def _buy(self) -> None:
        """Buy for whoever conducts, until that one is silent or the study has ended."""
        try:
            asyncio.run(self._serve(self.duty.begin()))
        finally:
            self.orders.clear()
        if self.orders.refused:
            raise self.orders.refused

    def _conduct(self) -> bool:
        """Conduct the study as long as it is this worker's; returns whether it has come to its end."""
        ended: State = "stopped"
        self._said = None
        self.pulse.beat()
        try:
            asyncio.run(self._lead(self.duty.begin()))
            ended = "finished"
        except StudyLost:
            return False
        except (KeyboardInterrupt, KeyRefused):
            ended = "running" if self.pulse.beat().others else "stopped"  # the others go on
            raise
        finally:
            self.crew.step_down(ended)
            self.orders.clear()
        return True

    async def _lead(self, parts: Parts) -> None:
        desk = self._join(parts)
        try:
            await desk.settle_down()
            await asyncio.to_thread(parts.ledger.write_off)
            self.pulse.beat()
            parts.draw.deadline_s = self._deadline_s(parts)
            await self._as_long_as_it_is_ours()
            await desk.settle_down()
        finally:
            await self.duty.rest()

    async def _as_long_as_it_is_ours(self) -> None:
        """Conduct; end as after Ctrl-C when the study is stopped, was taken over, or a model refuses this worker."""
        conducting, loop = asyncio.ensure_future(self.duty.conduct(self._joined_in)), asyncio.get_running_loop()

        def hear(beat: Beat) -> None:
            ours = beat.conducts and beat.state == "running"
            if self._said is None and (self.orders.refused or not ours):
                self._said = beat
                if not loop.is_closed():
                    loop.call_soon_threadsafe(conducting.cancel)

        self.pulse.on_beat = hear
        try:
            await conducting
        except asyncio.CancelledError:
            if self._said is None:  # Ctrl-C
                raise
            if self.orders.refused:
                raise self.orders.refused from None
            if self._said.conducts:
                raise StudyStopped(f"{STOPPED}; every sample that arrived is kept") from None
            raise StudyLost("another worker has taken the study over") from None
        finally:
            self.pulse.on_beat = lambda beat: None

    async def _serve(self, parts: Parts) -> None:
        """Buy what is ordered, until the conductor is silent, the study has ended, its time is up, or a model refuses
        this worker.
        """
        desk, deadline_s = self._join(parts), self._deadline_s(parts)

        def going() -> bool:
            in_time = time.monotonic() < deadline_s
            return in_time and not self.orders.refused and self._led()

        try:
            await desk.serve(Round(), going)
            while time.monotonic() >= deadline_s and self._led():  # it is the conductor who ends the study
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await self.duty.rest()

    def _led(self) -> bool:
        return self.pulse.last.state == "running" and self.pulse.last.conducted

    def _deadline_s(self, parts: Parts) -> float:
        """When the study's time is up, on this machine's monotonic clock, as the last beat tells."""
        limit = parts.plan.budget.wall_clock_s
        return float("inf") if limit is None else time.monotonic() + limit - self.pulse.last.elapsed_s

    def _join(self, parts: Parts) -> Desk:
        return parts.draw.join(self.orders, self.crew, models_of(parts.plan), self.pulse.others, self.pulse.holds)
