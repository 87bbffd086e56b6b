"""A study: open it, run it, ask what it taught. Where it stopped, the same call goes on."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from jointopt.analysis import Findings, TakenOver
from jointopt.config import Plan
from jointopt.reports import Ranked, publish, render_page
from jointopt.search import close_stale, open_trials
from jointopt.study.browse import ON_A_PAGE, Browser
from jointopt.study.canary import Canary
from jointopt.study.conclude import conclude
from jointopt.study.events import Progress
from jointopt.study.parts import assemble
from jointopt.study.phases import SHARES, Phases
from jointopt.study.places import rank
from jointopt.study.warm import taken_over

TELL_EVERY_S = 0.25


class Study:
    """A study and everything it needs; use it as a context manager, or close it.

    Args:
        plan: what the study file says.
        force: go on although the file, or a model behind its name, has changed since the study began.
        create: begin the study where there is none; otherwise that is an error.
        on_progress: told how far the run is, whenever samples arrive.

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
    ) -> None:
        self.plan, self._tell = plan, on_progress
        self._phase, self._started, self._told = "search", time.monotonic(), 0.0
        self.parts = assemble(plan, force=force, create=create, on_progress=self._progress)
        self.trials = open_trials(plan.storage, plan.name, sampler=plan.sampler, seed=plan.seed)
        self.phases = Phases(self.parts, self.trials, self._enter)
        self._canary = Canary(self.parts, force=force)
        self.parts.evaluate.restore()
        self._load_sealed()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database and the models' connections."""
        asyncio.run(self._close_providers())
        self.parts.database.close()
        if self.parts.lender:
            self.parts.lender.close()

    @property
    def finished(self) -> bool:
        """Whether every phase has ended."""
        return all(self.phases.recall(phase) is not None for phase in SHARES)

    def run(self) -> Findings:
        """Run whatever has not ended, publish the findings to the trials' store, and return them.

        A finished study stays finished: it only says again what it found.

        Raises:
            BudgetExhausted: the budget does not even cover the first block of examples.
            ModelDrift: the study goes on, and another model answers behind a name; nothing was bought from it.
            UserError: a model or the storage failed for good; the same call goes on from here.
        """
        if self.finished:
            return self.findings()
        studies, row = self.parts.studies, self.parts.row
        studies.acquire(row.id)
        self._started, elapsed_s = time.monotonic(), studies.find(row.name).elapsed_s
        limit = self.plan.budget.wall_clock_s
        self.parts.draw.deadline_s = float("inf") if limit is None else self._started + limit - elapsed_s
        finished = False
        try:
            self.parts.ledger.write_off()
            close_stale(self.trials)
            asyncio.run(self._run())
            finished = True
        finally:
            studies.add_elapsed(row.id, time.monotonic() - self._started)
            hits = studies.recall(row.id, "pool_hits") or 0
            studies.record(row.id, "pool_hits", hits + self.parts.draw.tally.pooled)
            studies.set_state(row.id, "finished" if finished else "stopped")
            studies.release(row.id)
        return self.publish()

    def publish(self) -> Findings:
        """Put the findings where Optuna Dashboard shows them, and return them."""
        findings = self.findings()
        publish(self.trials, findings)
        return findings

    def findings(self) -> Findings:
        """What the study taught so far, without a call.

        Raises:
            NothingToReport: no policy has been judged yet.
        """
        return conclude(self.parts, self.phases)

    def report(self, findings: Findings) -> str:
        """The findings as one HTML page, with what the winner made of some examples."""
        return render_page(findings, exhibition=self.browser().exhibition(findings.winner.policy, ON_A_PAGE))

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
            trials=len(self.trials.get_trials(deepcopy=False)),
            best=leader.policy if leader else None,
            score=leader.score if leader else float("nan"),
            interval=leader.interval if leader else (0.0, 1.0),
            examples=len(leader.examples) if leader else 0,
            bought=tally.bought,
            pooled=tally.pooled,
            failed=tally.failed,
            calls_per_s=tally.bought / here_s if here_s else 0.0,
        )

    async def _run(self) -> None:
        try:
            await self._canary.look()
            await self.phases.run()
        finally:
            await self._close_providers()

    async def _close_providers(self) -> None:
        for provider in set(self.parts.providers.values()):
            await provider.close()

    def _load_sealed(self) -> None:
        """Only once the seal is open are its samples looked at."""
        if self.phases.recall("sealed"):
            self.parts.evaluate.load(list(self.plan.space.sources()), self.plan.task.sealed)

    def _enter(self, phase: str) -> None:
        self._phase, self._told = phase, 0.0
        self._progress()

    def _progress(self) -> None:
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self._tell(self.progress())
            self._told = time.monotonic()
