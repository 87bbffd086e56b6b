"""The promise: what a study may spend at most."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount of everything that is counted.

    Attributes:
        calls: completions asked for.
        tokens: input and output together.
        usd: US dollars.
    """

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(self.calls + other.calls, self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: "Spend") -> "Spend":
        return Spend(self.calls - other.calls, self.tokens - other.tokens, self.usd - other.usd)


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits; None is no limit, and at least one is set.

    Attributes:
        calls: completions.
        tokens: input and output together.
        usd: US dollars.
        wall_clock_s: seconds in which any worker of the study lives, over all machines and runs.
    """

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    wall_clock_s: float | None = None

    def holds(self, spend: Spend) -> bool:
        """Whether `spend` keeps the promise."""
        return all(
            (limit := getattr(self, entry.name)) is None or getattr(spend, entry.name) <= limit + 1e-12
            for entry in fields(Spend)
        )

    def share(self, spend: Spend) -> float:
        """The largest share of any limit that `spend` uses, from 0 to 1 and beyond."""
        limits = [(getattr(self, entry.name), getattr(spend, entry.name)) for entry in fields(Spend)]
        return max((used / limit if limit else 1.0 for limit, used in limits if limit is not None), default=0.0)

    def part(self, share: float) -> "Budget":
        """The budget of a phase that may use only a share (0 to 1) of everything."""
        return Budget(
            None if self.calls is None else int(self.calls * share),
            None if self.tokens is None else int(self.tokens * share),
            None if self.usd is None else self.usd * share,
            None if self.wall_clock_s is None else self.wall_clock_s * share,
        )
