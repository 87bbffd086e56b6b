"""Every strategy at every n up to 32, for 25 prompts x 316 questions x 128 samples, against a plain loop. Run by hand.

The loop takes one question at a time, draws random subsets of its pool, and plays each in plain Python. It draws as
many as make its standard error that of our replays; closed forms have no such error, and meet the same loop.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, exp
from random import Random
from statistics import fmean, stdev
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from jointopt.evaluation import Stakes, draw_orders, expect
from jointopt.strategies import Ballots, Playbook, Windows
from jointopt.strategies.adaptive_consistency import _beats
from jointopt.strategies.bayesian import _leads
from tests.recorded import read_recorded

NS = list(range(1, 33))
AT_ONCE = 256
LOOPED = 4  # questions that the loop is timed on
Vote = tuple[int, float, int, float]  # answer, rating, tokens, worth
Votes = Sequence[Vote]


def main() -> None:
    """Print how many times faster the arrays are than the loop, strategy by strategy."""
    recorded = read_recorded()
    if recorded is None:
        print("no recorded answers: set JOINTOPT_BENCH_DATA")
        return
    ballots, stakes = recorded.pools(*range(len(recorded.counts)))
    rng = np.random.default_rng(1)
    ballots = replace(
        ballots, ratings=rng.random(ballots.answers.shape), tokens=rng.integers(9, 99, ballots.answers.shape)
    )
    subsets = equal_subsets(ballots, stakes)
    orders = len(draw_orders(ballots.samples, max(NS)))
    print(f"{len(ballots.answers):,} questions x {ballots.samples} samples, every n from 1 to {max(NS)}")
    print(f"{orders} orders of ours vary as little as {subsets} random subsets (Adaptive-Consistency, n = {max(NS)})")
    times = {name: _time(name, ballots, stakes, subsets) for name in PLAIN}
    times["all of them"] = tuple(map(sum, zip(*times.values(), strict=True)))
    for name, (ours, loop) in times.items():
        print(f"{name:22}{ours:7.2f} s; the loop takes {loop / ours:8,.0f} times as long")


def _time(name: str, ballots: Ballots, stakes: Stakes, subsets: int) -> tuple[float, ...]:
    """Seconds of ours for all questions, and of the loop, from those that it took for a few."""
    strategy = _build(name)
    start = perf_counter()
    for first in range(0, len(ballots.answers), AT_ONCE):
        expect(strategy, *_some(ballots, stakes, slice(first, first + AT_ONCE)), NS)
    middle, rng = perf_counter(), Random(3)
    for votes in _lists(*_some(ballots, stakes, slice(None, None, len(ballots.answers) // LOOPED)))[:LOOPED]:
        for n in NS:
            fmean(PLAIN[name](rng.sample(votes, n)) for _ in range(subsets))
    return middle - start, (perf_counter() - middle) / LOOPED * len(ballots.answers)


def _build(name: str) -> Windows:
    strategy = Playbook().build(name, (("by", "length"),) if name in ("best_of", "weighted", "reservation") else ())
    assert isinstance(strategy, Windows)
    return strategy


def _some(ballots: Ballots, stakes: Stakes, some: slice) -> tuple[Ballots, Stakes]:
    votes = Ballots(ballots.answers[some], ballots.ratings[some], ballots.tokens[some])
    return votes, Stakes(stakes.returned[some], stakes.asked[some], stakes.latency_s[some])


def _lists(ballots: Ballots, stakes: Stakes) -> list[list[Vote]]:
    arrays = (ballots.answers, ballots.ratings, ballots.tokens, stakes.returned[..., 0])
    return [list(zip(*(array.tolist() for array in row), strict=True)) for row in zip(*arrays, strict=True)]


def equal_subsets(ballots: Ballots, stakes: Stakes, times: int = 60) -> int:
    """How many random subsets have the variance of our orders, at the largest n, over some shuffles of 316 pools."""
    rng, strategy, plain = np.random.default_rng(2), _build("adaptive_consistency"), Random(2)
    votes, worth = _some(ballots, stakes, slice(0, 316))
    ours: list[NDArray[np.float64]] = []
    for _ in range(times):
        places = rng.permuted(np.tile(np.arange(ballots.samples), (316, 1)), axis=1)
        shuffled = replace(votes, answers=np.take_along_axis(votes.answers, places, 1))
        returned = np.take_along_axis(worth.returned, places[..., None], 1)
        ours.append(expect(strategy, shuffled, replace(worth, returned=returned), [32]).returned[:, 0, 0])
    plays = [
        [PLAIN["adaptive_consistency"](plain.sample(pool, 32)) for _ in range(times)] for pool in _lists(votes, worth)
    ]
    return round(float(np.var(plays, axis=1).mean() / np.var(ours, axis=0).mean()))


def _vote(votes: Votes, weigh: Callable[[Vote], float] = lambda vote: 1.0) -> float:
    """The worth of the answer with the most weight; ties share."""
    weights: Counter[int] = Counter()
    for vote in votes:
        weights[vote[0]] += weigh(vote)  # type: ignore[assignment]  # a counter may hold weights
    most = max(weights.values())
    worth = {answer: value for answer, _, _, value in votes}
    return fmean(worth[answer] for answer, weight in weights.items() if weight == most)


def _best(votes: Votes) -> float:
    return max(votes, key=lambda vote: vote[1])[3]


def _stopping(
    window: int, enough: Callable[[Votes], bool], choose: Callable[[Votes], float]
) -> Callable[[Votes], float]:
    def play(votes: Votes) -> float:
        for end in range(window, len(votes), window):
            if enough(votes[:end]):
                return choose(votes[:end])
        return choose(votes)

    return play


def _top_two(votes: Votes) -> tuple[int, int]:
    (_, first), (_, second), *_ = [*Counter(vote[0] for vote in votes).most_common(2), (None, 0)]
    return first, second


def _worth_it(votes: Votes) -> bool:
    ratings = [vote[1] for vote in votes]
    return max(ratings) - fmean(ratings) >= 0.9 * stdev(ratings)


PLAIN: dict[str, Callable[[Votes], float]] = {
    "single": lambda votes: votes[0][3],
    "majority": _vote,
    "best_of": _best,
    "weighted": lambda votes: _vote(votes, lambda vote: exp(vote[1] / 0.2)),
    "adaptive_consistency": _stopping(4, lambda votes: bool(_beats(len(votes))[_top_two(votes)] >= 0.95), _vote),
    "early_stop": _stopping(5, lambda votes: len({vote[0] for vote in votes[-5:]}) == 1, _vote),
    "bayesian": _stopping(4, lambda votes: bool(_leads(len(votes), 1.0)[_top_two(votes)] >= 0.95), _vote),
    "reservation": _stopping(4, _worth_it, _best),
    "short_first": lambda votes: _vote(sorted(votes, key=lambda vote: vote[2])[: ceil(len(votes) / 2)]),
}


if __name__ == "__main__":
    main()
