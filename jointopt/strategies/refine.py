"""Answers that are looked at again before they are counted: self-refine, and verify-then-revise.

Each round is a request of its own that shows the model what it wrote; it is pooled, priced and replayed like any other.
With n above 1, n answers are refined side by side and the most frequent one wins.
"""

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jointopt.domain import Message, Tactic, Vote
from jointopt.strategies.ballots import Ballots, Floats, Seen, highest
from jointopt.strategies.base import Ask, Case, Rating
from jointopt.strategies.limits import require_whole
from jointopt.strategies.majority import win_chances
from jointopt.strategies.windows import Electing

_WRONG = re.compile(r"\b(wrong|incorrect|mistake|false|no)\b", re.IGNORECASE)
_MOST = 8


@dataclass(frozen=True)
class Rounds(Electing):
    """A majority of answers that went through some rounds.

    Attributes:
        rounds: how often each answer is looked at again, 1 to 8.
    """

    rounds: int = 1

    def __post_init__(self) -> None:
        require_whole("rounds", self.rounds, 1, _MOST)

    @property
    def follows(self) -> bool:
        """Every round asks about what came before."""
        return True

    @abstractmethod
    def rate(self, case: Case, vote: Vote) -> Rating:
        """The answer after its rounds."""

    def elects(self, seen: Seen) -> Floats:
        """The most frequent final answer."""
        return highest(seen.counts)

    def elected(self, ballots: Ballots, ns: Sequence[int]) -> Floats:
        """Final answers are as independent as first ones: a majority of them."""
        return win_chances(ballots.counts, ns)

    def same_as(self, n: int) -> Tactic | None:
        """One refined answer is not a single sample."""
        return None


@dataclass(frozen=True)
class Refine(Rounds):
    """The model improves its answer in every round (Self-Refine, Madaan et al. 2303.17651).

    Attributes:
        ask: what it is told.
    """

    ask: str = "Check your answer for mistakes and write it again, improved, in the same form."

    def follow_ups(self, n: int) -> int:
        """One for each round."""
        return n * self.rounds

    def rate(self, case: Case, vote: Vote) -> Rating:
        """Ask for a better answer, again and again."""
        chat = case.request.messages
        for _ in range(self.rounds):
            chat = (*chat, Message("assistant", vote.text), Message("user", self.ask))
            ((vote,),) = yield [Ask(1, replace(case.request, messages=chat))]
        return vote


@dataclass(frozen=True)
class Verify(Rounds):
    """The model says whether its answer is right, and revises it only where it says wrong.

    Attributes:
        ask: what it is asked about its answer; ``wrong`` in the reply (or incorrect, mistake, false, no) means so.
        revise: what it is told then.
    """

    ask: str = "Is this answer right or wrong? Reply with one word, right or wrong."
    revise: str = "Then solve it again and write the answer in the same form."

    def follow_ups(self, n: int) -> int:
        """Two for each round: a verdict, and another answer."""
        return 2 * n * self.rounds

    def rate(self, case: Case, vote: Vote) -> Rating:
        """Ask for a verdict; on wrong, for another answer."""
        chat = case.request.messages
        for _ in range(self.rounds):
            chat = (*chat, Message("assistant", vote.text), Message("user", self.ask))
            ((verdict,),) = yield [Ask(1, replace(case.request, messages=chat))]
            if not _WRONG.search(verdict.text):
                return vote
            chat = (*chat, Message("assistant", verdict.text), Message("user", self.revise))
            ((vote,),) = yield [Ask(1, replace(case.request, messages=chat))]
        return vote
