"""Plays a strategy from recorded votes; the live game asks a model instead, through `evaluation/draw`."""

from collections.abc import Iterator, Sequence
from random import Random

from jointopt.domain import Vote
from jointopt.strategies.base import Strategy


def replay(strategy: Strategy, votes: Sequence[Vote], n: int, rng: Random) -> str | None:
    """The answer that the strategy gives when its samples are `votes`, in that order.

    Raises:
        ValueError: the strategy asks for more votes than there are.
    """
    moves = strategy.moves(n, rng)
    supply = iter(votes)
    try:
        ask = next(moves)
        while True:
            ask = moves.send(_take(supply, ask.n))
    except StopIteration as end:
        answer: str | None = end.value
        return answer


def _take(supply: Iterator[Vote], n: int) -> list[Vote]:
    taken = [vote for _, vote in zip(range(n), supply, strict=False)]
    if len(taken) < n:
        raise ValueError(f"the strategy asks for {n} votes and {len(taken)} are left")
    return taken
