"""What a study tells while it runs; whoever runs it decides how to show it."""

from dataclasses import dataclass

from jointopt.domain import Budget, Policy, Spend


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        phase: ``search``, ``table`` or ``sealed``.
        spend: by the whole study so far.
        budget: the promise.
        seconds: that all runs of the study took so far.
        trials: finished or running.
        best: the leading policy, None before the first block.
        score: of the best on the dev examples it has met.
        interval: 95%, of that score.
        examples: that the best has met.
        bought: completions that this run paid for.
        pooled: completions that the pool served this run.
        failed: requests that failed in this run.
        calls_per_s: completions bought per second of this run.
        workers: of the study that live, this one too.
    """

    phase: str
    spend: Spend
    budget: Budget
    seconds: float
    trials: int
    best: Policy | None
    score: float
    interval: tuple[float, float]
    examples: int
    bought: int
    pooled: int
    failed: int
    calls_per_s: float
    workers: int = 1

    @property
    def used(self) -> float:
        """The largest share of the budget that is used, 0 to 1; the clock counts."""
        clock = self.seconds / self.budget.wall_clock_s if self.budget.wall_clock_s else 0.0
        return min(1.0, max(clock, self.budget.share(self.spend)))

    @property
    def left_s(self) -> float | None:
        """Seconds until the budget is used up at this run's pace; None while there is no pace."""
        if not (self.used and self.bought and self.calls_per_s):
            return None
        spent_here = self.bought / self.calls_per_s
        share_here = self.used * self.bought / max(self.spend.calls, 1)
        return spent_here * (1 - self.used) / share_here if share_here else None
