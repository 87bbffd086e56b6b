"""A study: open it, run it, ask what it taught. Where it stopped, the same call goes on."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from jointopt.analysis import Findings, TakenOver
from jointopt.config import Plan
from jointopt.errors import StudyLost, StudyStopped
from jointopt.reports import Board, Ranked, publish, render_page
from jointopt.search import Trials, close_trials, count_trials, open_trials, steady
from jointopt.storage import LEASE_S, Crew
from jointopt.study.browse import ON_A_PAGE, Browser
from jointopt.study.canary import Canary
from jointopt.study.conclude import conclude
from jointopt.study.events import Progress
from jointopt.study.memory import Memory
from jointopt.study.parts import Parts, assemble, forget, look_at, restore
from jointopt.study.phases import SHARES, Phases
from jointopt.study.places import rank
from jointopt.study.pulse import Pulse
from jointopt.study.shift import Duty, Shift
from jointopt.study.showing import Showing
from jointopt.study.warm import taken_over

TELL_EVERY_S = 0.25
DASHBOARD = "what the dashboard shows"
_LOG = logging.getLogger("jointopt")


class Study:
    """A study and everything it needs; use it as a context manager, or close it.

    Args:
        plan: what the study file says.
        force: go on although the file, or a model behind its name, has changed since the study began.
        create: begin the study where there is none; otherwise that is an error.
        on_progress: told how far the run is, whenever samples arrive.
        trials: Optuna's study, where it is not kept in the plan's storage, as of a bundle.

    Raises:
        UserError: the study cannot be opened; the message says why and what to do.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        force: bool = False,
        create: bool = True,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        trials: Trials | None = None,
    ) -> None:
        self.plan, self._tell, self._force = plan, on_progress, force
        self._phase, self._started, self._told = "search", time.monotonic(), 0.0
        self._pulse: Pulse | None = None  # while it runs
        self._parts = assemble(plan, force=force, create=create, on_progress=self._progress)
        self.trials = trials or open_trials(plan.storage, plan.name, sampler=plan.sampler, seed=plan.seed)
        self.phases = Phases(self._parts, self.trials, self._enter)
        self._canary = Canary(self._parts, force=force)
        self._seen = self._run_before = False  # all of the pool; whether the parts have learnt from a run
        self._showing: Showing | None = None  # while this worker conducts
        self._memory = Memory(self._parts, self.trials, trusted=trials is None)
        self._unshown = set[str]()  # what could not be shown

    @property
    def parts(self) -> Parts:
        """Its parts; while it does not run, they know all that the pool holds."""
        if not self._seen and self._pulse is None:
            self._seen = True
            self._parts.evaluate.keep = lambda cards: None  # those of the scoreboard are of the study's conductor
            restore(self._parts)
            if self.phases.recall("sealed"):  # only once the seal is open are its samples looked at
                self._parts.evaluate.load(list(self.plan.space.sources()), self.plan.task.sealed)
        return self._parts

    def begin_anew(self) -> Parts:
        """Know nothing of what the pool holds: a run that goes on decides as one that was never disturbed."""
        if self._seen or self._run_before:
            self._parts, self._seen = forget(self._parts), False
            self.phases = Phases(self._parts, self.trials, self._enter)
            self._canary = Canary(self._parts, force=self._force)
        self._run_before = True
        return self._parts

    async def conduct(self, taken_over: bool) -> None:
        """Run every phase that has not ended, in an event loop that is the run's own.

        Args:
            taken_over: whether others worked on the study up to now: then its models need not be looked at again.
        """
        board = Board(self.trials, self.plan.space.prompts)
        self._showing = Showing(board, self._look_on, partial(self._show, DASHBOARD))
        try:
            if not self.finished:
                await self._canary.look(again=not taken_over)
            await self.phases.run()
        finally:
            self._showing = None
            board.close()
            self._count_hits()

    def _count_hits(self) -> None:
        """Remember what the pool served; another worker that conducts by now counts its own."""
        studies, row, fence = self._parts.studies, self._parts.row, self._parts.ledger.fence
        hits = studies.recall(row.id, "pool_hits") or 0
        with suppress(StudyLost):
            studies.record(row.id, "pool_hits", hits + self._parts.draw.tally.pooled, fence)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the databases and the models' connections."""
        asyncio.run(self.close_providers())
        close_trials(self.trials)
        self._parts.database.close()
        if self._parts.lender:
            self._parts.lender.close()

    @property
    def finished(self) -> bool:
        """Whether every phase has ended."""
        return all(self.phases.recall(phase) is not None for phase in SHARES)

    @property
    def over(self) -> bool:
        """Whether it has been said, too, that it has finished: who died before that leaves it to be said."""
        return self.finished and self._parts.studies.find(self.plan.name).state == "finished"

    def run(self, *, lease_s: float = LEASE_S) -> Findings:
        """Run whatever has not ended, publish the findings to the trials' store, and return them.

        Where another worker conducts the study already, this one buys what that one orders, and takes its place if it
        falls silent. A finished study stays finished: it only says again what it found.

        Args:
            lease_s: how long this worker keeps what it holds when it falls silent.

        Raises:
            BudgetExhausted: the budget does not even cover the first block of examples.
            ModelDrift: the study goes on, and another model answers behind a name; nothing was bought from it.
            StudyStopped: somebody has stopped it; the same call goes on from here.
            UserError: a model or the storage failed for good; the same call goes on from here.
        """
        if self.over:
            return self.findings()
        self.work(lease_s=lease_s, again=True)
        return self.publish()

    def work(self, *, lease_s: float = LEASE_S, again: bool = False) -> bool:
        """Be one of the study's workers until it has finished; returns whether this one conducted it last.

        Args:
            lease_s: as for `run`.
            again: whether a study that was stopped goes on.

        Raises:
            as for `run`.
        """
        parts = self._parts
        crew = Crew(parts.database, parts.row.id, name=parts.ledger.owner, lease_s=lease_s)
        self._started, self._pulse = time.monotonic(), Pulse(crew)
        try:
            with self._pulse as pulse:
                return Shift(pulse, Duty(self.begin_anew, self.conduct, self.close_providers)).work(again=again)
        finally:
            self._pulse = None

    def publish(self) -> Findings:
        """Put the findings where Optuna Dashboard shows them, and return them. Where that fails, it is told."""
        findings = self.findings()
        self._show(DASHBOARD, lambda: steady(lambda: publish(self.trials, findings, self.plan.space.prompts)))
        return findings

    def findings(self) -> Findings:
        """What the study taught so far, without a call.

        Raises:
            NothingToReport: no policy has been judged yet.
        """
        if self._run_before and self._pulse is None:  # to the last bit what everybody finds who looks on afterwards
            return self._look_on()
        return self._memory.say(lambda: conclude(self.parts, self.phases))

    def _look_on(self) -> Findings:
        """The findings so far, as somebody finds them who looks on."""
        with Study(self.plan, create=False) as onlooker:
            return onlooker.findings()

    def report(self, findings: Findings) -> str:
        """The findings as one HTML page, with what the winner made of some examples."""
        policy, parts = findings.winner.policy, self._parts
        if not self._seen:  # as where the findings were recalled: the winner's own samples are enough
            sealed = self.plan.task.sealed if self.phases.recall("sealed") else ()
            parts = look_at(parts, policy.source, [*self.plan.task.dev, *sealed])
        return render_page(findings, exhibition=Browser(parts, self.phases).exhibition(policy, ON_A_PAGE))

    def ranked(self) -> list[Ranked]:
        """Every policy that was judged, the winner first.

        Raises:
            NothingToReport: none has been.
        """
        return rank(self.parts, self.phases)

    def browser(self) -> Browser:
        """What every policy made of every example that the pool has samples of, to be read."""
        return Browser(self.parts, self.phases)

    def taken_over(self) -> TakenOver | None:
        """What it took over from the study that it began with; None where it began with none."""
        return taken_over(self.parts)

    def unwatched(self) -> dict[str, str]:
        """Why nobody would notice that a model changes behind its name, by the model's id, where that is so."""
        return self._canary.notes

    def progress(self) -> Progress:
        """How far the study is."""
        leader, tally = self.parts.evaluate.leader(), self.parts.draw.tally
        here_s = time.monotonic() - self._started
        return Progress(
            phase=self._phase,
            spend=self.parts.ledger.spent(),
            budget=self.plan.budget,
            seconds=self.parts.row.elapsed_s + here_s,
            trials=count_trials(self.trials),
            best=leader.policy if leader else None,
            score=leader.score if leader else float("nan"),
            interval=leader.interval if leader else (0.0, 1.0),
            examples=len(leader.examples) if leader else 0,
            bought=tally.bought,
            pooled=tally.pooled,
            failed=tally.failed,
            calls_per_s=tally.bought / here_s if here_s else 0.0,
            workers=1 + (self._pulse.others() if self._pulse else 0),
        )

    async def close_providers(self) -> None:
        """Let go of the models' connections, which belong to an event loop."""
        for provider in set(self._parts.providers.values()):
            await provider.close()

    def _enter(self, phase: str) -> None:
        self._phase, self._told = phase, 0.0
        self._progress()

    def _progress(self) -> None:
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self._show("on_progress", lambda: self._tell(self.progress()))
            self._told = time.monotonic()
        if self._showing:
            self._showing.refresh()

    def _show(self, what: str, show: Callable[[], object]) -> None:
        """Show something; what fails in that is told once, and ends no study that buys samples."""
        try:
            show()
        except Exception as error:  # noqa: BLE001 - whatever it is, it lies beside what a study is for
            if what not in self._unshown:
                _LOG.warning("%s failed, and the study goes on without it: %r", what, error)
            self._unshown.add(what)


def work(
    plan: Plan, *, lease_s: float = LEASE_S, on_progress: Callable[[Progress], None] = lambda progress: None
) -> str:
    """Be one of a study's workers until it has finished or was stopped; returns which, in words.

    Args:
        plan: of a study that has begun.
        lease_s: how long this worker keeps what it holds when it falls silent.
        on_progress: told how far the study is, whenever samples arrive.

    Raises:
        UserError: as for `Study`.
    """
    with Study(plan, create=False, on_progress=on_progress) as study:
        if study.over:
            return "the study has finished already"
        try:
            if study.work(lease_s=lease_s):
                study.publish()
        except StudyStopped as end:
            return str(end)
    return "the study has finished"
