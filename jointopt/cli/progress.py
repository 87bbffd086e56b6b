"""How a run looks while it runs: a live panel in a terminal, plain lines elsewhere. Both write to standard error."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live as RichLive
from rich.table import Table

from jointopt.domain import Budget
from jointopt.study import Progress

LINE_EVERY_S = 5.0


class Lines:
    """One plain line when a phase begins, and every few seconds."""

    def __init__(self) -> None:
        self._console, self._last, self._phase = Console(stderr=True, soft_wrap=True, highlight=False), 0.0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def update(self, progress: Progress) -> None:
        """Print the progress, if there is something new to say."""
        now = time.monotonic()
        if progress.phase == self._phase and now - self._last < LINE_EVERY_S:
            return
        self._last, self._phase = now, progress.phase
        said = "; ".join(f"{name} {value}" for name, value in describe(progress) if value)
        self._console.print(said, markup=False)


class Live:
    """A small table that stays in place."""

    def __init__(self) -> None:
        self._live = RichLive(console=Console(stderr=True), refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def update(self, progress: Progress) -> None:
        """Show the progress."""
        table = Table.grid(padding=(0, 2))
        for name, value in describe(progress):
            table.add_row(name, value)
        self._live.update(table)


def watch(*, as_json: bool) -> Live | Lines:
    """A table where a person looks on, lines for a log or a script."""
    return Live() if sys.stderr.isatty() and not as_json else Lines()


def describe(progress: Progress) -> list[tuple[str, str]]:
    """The progress as names and values, in reading order."""
    best = ""
    if progress.best is not None:
        low, high = progress.interval
        best = f"{progress.best}: {100 * progress.score:.1f}% ({100 * low:.1f} to {100 * high:.1f})"
        best += f" on {progress.examples} examples"
    left = "" if progress.left_s is None else f"{duration(progress.left_s)} at most"
    return [
        ("phase", progress.phase),
        ("spent", f"{_spent(progress)} ({100 * progress.used:.0f}% of the budget)"),
        ("best", best),
        ("trials", str(progress.trials)),
        ("pool", f"{progress.bought:,} bought, {progress.pooled:,} served again"),
        ("failed", f"{progress.failed} requests" if progress.failed else ""),
        ("speed", f"{progress.calls_per_s:.0f} calls/s"),
        ("left", left),
    ]


def _spent(progress: Progress) -> str:
    spend, budget = progress.spend, progress.budget
    parts = [f"{spend.calls:,}{_of(budget, 'calls')} calls", f"{spend.tokens:,}{_of(budget, 'tokens')} tokens"]
    if spend.usd or budget.usd is not None:
        limit = "" if budget.usd is None else f" of ${budget.usd:g}"
        parts.append(f"${spend.usd:.4f}{limit}")
    return ", ".join(parts)


def _of(budget: Budget, unit: str) -> str:
    limit = getattr(budget, unit)
    return "" if limit is None else f" of {limit:,}"


def duration(seconds: float) -> str:
    """Minutes and seconds, in words."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
