"""What strategies share that have every vote rated by a selector."""

from jointopt.domain import Tactic, Vote
from jointopt.strategies.base import Case, Rating
from jointopt.strategies.selectors import Selector
from jointopt.strategies.windows import Windows


class Selecting(Windows):
    """A strategy with a selector, `by`."""

    by: Selector

    @property
    def needs_logprobs(self) -> bool:
        """Where the selector does."""
        return self.by.needs_logprobs

    @property
    def follows(self) -> bool:
        """Where the selector asks."""
        return self.by.follows

    @property
    def rater(self) -> object:
        """The selector."""
        return self.by

    def rate(self, case: Case, vote: Vote) -> Rating:
        """Ask the selector."""
        return (yield from self.by.rate(case, vote))

    def same_as(self, n: int) -> Tactic | None:
        """One sample is chosen whatever its rating."""
        return Tactic("single", 1) if n == 1 else None
