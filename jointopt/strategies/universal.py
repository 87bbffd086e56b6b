"""The model picks the most consistent of its own answers (universal self-consistency, Chen et al. 2311.17311)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jointopt.domain import Message, Tactic, Vote
from jointopt.strategies.base import Ask, Case, Lots, Moves, Strategy
from jointopt.strategies.play import sure

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Universal(Strategy):
    """n samples are shown to the model, which names the one that agrees best with the others.

    For free text, where no two answers are the same. Nothing is asked where all are. A reply without a number of the
    list leaves each sample an even chance.

    Attributes:
        ask: what the model is told below the list.
    """

    ask: str = "Which response agrees best with the others? Reply with its number only."

    @property
    def follows(self) -> bool:
        """The choice is a request of its own."""
        return True

    def same_as(self, n: int) -> Tactic | None:
        """There is nothing to choose from at n = 1."""
        return Tactic("single", 1) if n == 1 else None

    def follow_ups(self, n: int) -> int:
        """One choice."""
        return 1

    def moves(self, n: int, case: Case) -> Moves:
        """Ask n times at once, then which."""
        (votes,) = yield [Ask(n)]
        if len({vote.text for vote in votes}) == 1:
            return sure(votes[0])
        listed = "\n".join(f"Response {number}: {vote.text}" for number, vote in enumerate(votes, start=1))
        question = case.request.messages[-1].content
        messages = (*case.request.messages[:-1], Message("user", f"{question}\n\n{listed}\n\n{self.ask}"))
        ((choice,),) = yield [Ask(1, replace(case.request, messages=messages, temperature=0.0))]
        return _chosen(votes, choice.text)


def _chosen(votes: Sequence[Vote], text: str) -> Lots:
    numbers = [int(number) for number in _NUMBER.findall(text) if 1 <= int(number) <= len(votes)]
    return sure(votes[numbers[0] - 1]) if numbers else [(vote, 1 / len(votes)) for vote in votes]
