"""What a policy made of one example, as plain values: the page, the command line and JSON show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jointopt.domain import Message, Policy

Half = Literal["dev", "sealed"]
_SURE = 1e-9  # a mark this close to 0 or 1 is that: chances are sums of floats


@dataclass(frozen=True, slots=True)
class Witness:
    """A sample as it is shown.

    Attributes:
        replicate: its number among the request's completions.
        text: what the model wrote; empty where `error` is set.
        reasoning: what it thought before, where the endpoint keeps that apart.
        finish: ``stop``, ``length``, ``filter`` or ``error``.
        error: why there is no completion; None where there is one.
        tokens: of the completion, reasoning included.
        reasoning_tokens: the part of them that went into reasoning.
        latency_s: of its request.
        counted: whether the strategy asked for it and saw it: not one that another took the place of, nor one after an
            early stop.
        answer: as the strategy counts it, after its rounds where it has some; None where none could be read.
        mark: of that answer, 0 to 1.
        rating: what the strategy's selector thinks of it; None where it has none.
        chance: of being the one that is returned.
    """

    replicate: int
    text: str
    reasoning: str
    finish: str
    error: str | None
    tokens: int
    reasoning_tokens: int
    latency_s: float
    counted: bool
    answer: str | None = None
    mark: float = 0.0
    rating: float | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """An answer and what it was given.

    Attributes:
        answer: None: none could be read.
        votes: how many counted samples gave it.
        weight: their share of all weights, where votes weigh differently; None where each counts the same.
        chance: of being returned; tied answers share.
        mark: 0 to 1.
    """

    answer: str | None
    votes: int
    weight: float | None
    chance: float
    mark: float


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One example as a policy answered it, with the pool's samples by replicate.

    Attributes:
        example: its id.
        half: ``dev`` or ``sealed``.
        question: as the data has it.
        reference: the right answer.
        messages: the chat as it is sent.
        samples: those that the strategy was dealt, and those that could not be had between them.
        held: samples of this request in the pool.
        tallies: the answers, most likely first; empty where the strategy could not be played.
        mark: of what is returned, 0 to 1, ties shared; None where the strategy could not be played.
        expected: mean mark over all draws of n from the pool: what the scorecard says of this example.
        note: why the strategy could not be played; empty where it was.
    """

    example: str
    half: Half
    question: str
    reference: str
    messages: tuple[Message, ...]
    samples: tuple[Witness, ...]
    held: int
    tallies: tuple[Tally, ...] = ()
    mark: float | None = None
    expected: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """``right``, ``wrong``, ``in part`` (a tie, or a mark between), or ``not played``."""
        if self.mark is None:
            return "not played"
        if self.mark >= 1 - _SURE:
            return "right"
        return "wrong" if self.mark <= _SURE else "in part"

    @property
    def answers(self) -> tuple[Tally, ...]:
        """The answers that may be returned: one, or those that share a tie."""
        return tuple(tally for tally in self.tallies if tally.chance > _SURE)


@dataclass(frozen=True, slots=True)
class Exhibition:
    """Some of a policy's exhibits.

    Attributes:
        policy: whose.
        shown: in the task's order, the sealed half first.
        total: how many examples the policy has samples of.
    """

    policy: Policy
    shown: Sequence[Exhibit]
    total: int


def say(answer: str | None) -> str:
    """An answer in words."""
    return "no readable answer" if answer is None else answer


def say_answers(exhibit: Exhibit) -> str:
    """What is returned, in words; a tie as shared."""
    found = exhibit.answers
    if not found:
        return exhibit.note
    if len(found) == 1:
        return say(found[0].answer)
    return "shared: " + ", ".join(f"{say(tally.answer)} ({tally.chance:.0%})" for tally in found)
