"""What a search may do, and where it writes down how far it is."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jointopt.domain import Budget, Preference
from jointopt.evaluation import Estimate


class Bookmark:
    """How far a plan is, as JSON has it; kept with the study, so that little is thought through twice.

    Args:
        read: what was written last; None where nothing was.
        write: keeps it in the place of the one before; raises where another worker conducts the study by now.
        share: of the time that writing may take. A plan that goes on from an older place comes by the same decisions.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Any] | None] = lambda: None,
        write: Callable[[Mapping[str, Any]], None] = lambda found: None,
        share: float = 0.02,
    ) -> None:
        self.read, self._write, self.share = read, write, share
        self._due_s = 0.0  # on the monotonic clock

    def write(self, found: Callable[[], Mapping[str, Any]]) -> None:
        """Write down how far the plan is, if it is time."""
        begun_s = time.monotonic()
        if begun_s >= self._due_s:
            self._write(found())
            ended_s = time.monotonic()
            self._due_s = ended_s + (ended_s - begun_s) / self.share


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search may do.

    Attributes:
        phase: the account that pays.
        cap: the most that it may pay.
        trials: how many the study may have in all, earlier runs counted; None for no limit.
        books: every preference that the study answers for, its own first, and what estimates under it.
        seed: of completed pools.
        sampler: its name.
        share: of the study's budget that the cap is.
        first: trials that were tried before the sampler's own.
        bookmark: where a sampler that plans says how far it is.
    """

    phase: str
    cap: Budget
    trials: int | None
    books: Sequence[tuple[Preference, Estimate]]
    seed: int
    sampler: str
    share: float = 1.0
    first: int = 0
    bookmark: Bookmark = field(default_factory=Bookmark)
