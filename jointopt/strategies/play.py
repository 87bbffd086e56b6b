"""Plays a strategy's moves: from recorded votes, or live. It does not know where votes come from."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from random import Random
from typing import TypeVar

from jointopt.domain import Vote
from jointopt.strategies.base import Ask, Lots, Moves

T = TypeVar("T")
Replies = Sequence[Sequence[Vote]]
Game = Generator[Sequence[Ask], Replies, T]


def replay(moves: Moves, supply: Callable[[Sequence[Ask]], Replies]) -> Lots:
    """The lots that the moves come to, when what is asked at the same time is supplied together."""
    try:
        asks = next(moves)
        while True:
            asks = moves.send(supply(asks))
    except StopIteration as end:
        lots: Lots = end.value
        return lots


async def play(moves: Moves, supply: Callable[[Sequence[Ask]], Awaitable[Replies]], rng: Random) -> Vote:
    """The vote that is returned, when every ask waits for its samples; ties are drawn by lot."""
    try:
        asks = next(moves)
        while True:
            asks = moves.send(await supply(asks))
    except StopIteration as end:
        return draw_lot(end.value, rng)


def draw_lot(lots: Lots, rng: Random) -> Vote:
    """One of the votes, by its chance."""
    return rng.choices([vote for vote, _ in lots], [chance for _, chance in lots])[0]


def sure(vote: Vote) -> Lots:
    """The lots of a strategy that has made up its mind."""
    return [(vote, 1.0)]


def together(games: Sequence[Game[T]]) -> Generator[Sequence[Ask], Replies, list[T]]:
    """Play several games at the same time: what they ask in one turn is asked together. Returns what each came to."""
    ends: dict[int, T] = {}
    wishes: dict[int, Sequence[Ask]] = {}
    replies: dict[int, Replies | None] = dict.fromkeys(range(len(games)))
    while True:
        wishes = {}
        for number, reply in replies.items():
            try:
                wishes[number] = next(games[number]) if reply is None else games[number].send(reply)
            except StopIteration as end:
                ends[number] = end.value
        if not wishes:
            return [ends[number] for number in range(len(games))]
        votes = iter((yield [ask for asks in wishes.values() for ask in asks]))
        replies = {number: [next(votes) for _ in asks] for number, asks in wishes.items()}
