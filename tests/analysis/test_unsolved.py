"""Forecasts of what more samples would solve: right on average, and within their intervals, in unlike worlds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from jointopt.analysis import Unsolved, find_unsolved

STUDIES = 100


def _chances(world: str, rng: np.random.Generator, questions: int) -> NDArray[np.float64]:
    """How likely a sample is right on each question."""
    if world == "hopeless":  # 3 of 10 are never solved, the others easily
        return np.where(rng.random(questions) < 0.3, 0.0, rng.beta(6, 2, questions))
    if world == "wide":
        return np.asarray(1 / (1 + np.exp(-rng.normal(-1, 3, questions))))
    if world == "two kinds":
        return np.where(rng.random(questions) < 0.3, 0.003, rng.beta(2, 2, questions))
    return np.where(rng.random(questions) < 0.1, 0.0, rng.beta(0.3, 0.7, questions))


def _found(right: NDArray[np.int64], samples: int) -> Unsolved | None:
    names = tuple(map(str, range(len(right))))
    return find_unsolved(names, right.astype(float), np.full(len(right), float(samples)))


@pytest.mark.parametrize("world", ["hopeless", "wide", "two kinds", "beta"])
@pytest.mark.parametrize("questions", [20, 100])
def test_what_more_samples_solve_lies_in_the_interval(world: str, questions: int) -> None:
    """Both forecasts hold the number that is then solved in 95%, less 3 standard errors, and are right on average."""
    rng, held, errors = np.random.default_rng(questions), [], []
    for _ in range(STUDIES):
        chances = _chances(world, rng, questions)
        right = rng.binomial(60, chances)
        found = _found(right, 60)
        for forecast in found.forecasts if found else ():
            solved = int((rng.binomial(forecast.more, chances[right == 0]) > 0).sum())
            held.append(forecast.solved.low <= solved <= forecast.solved.high)
            errors.append(forecast.solved.mean - solved)
    assert np.mean(held) >= 0.95 - 3 * (0.95 * 0.05 / STUDIES) ** 0.5
    assert abs(np.mean(errors)) <= 4 * np.std(errors) / STUDIES**0.5


@pytest.mark.parametrize("world", ["hopeless", "wide", "two kinds", "beta"])
def test_the_lower_bound_of_those_within_reach_is_one(world: str) -> None:
    """In at least 95% of studies no more are claimed than have a chance at all."""
    rng, held = np.random.default_rng(1), []
    for _ in range(STUDIES):
        chances = _chances(world, rng, 60)
        right = rng.binomial(60, chances)
        found = _found(right, 60)
        held.append(found is None or found.within_reach.low <= (chances[right == 0] > 0).sum())
    assert np.mean(held) >= 0.95


def test_questions_never_or_always_solved_promise_nothing() -> None:
    """Nothing was solved just once: nothing is expected, and one or two more are not excluded."""
    found = _found(np.array([0, 0, 0, 30, 40]), 40)
    assert found is not None and found.within_reach.mean == 0
    assert [(f.solved.mean, f.probability) for f in found.forecasts] == [(0, 0), (0, 0)]
    assert all(f.solved.high >= 1 for f in found.forecasts)
    assert found.examples == ("0", "1", "2") and "forecast" in found.label


def test_many_solved_once_promise_more() -> None:
    """Ten questions solved once by 20 samples and ten never: more will be solved, the sooner the more samples."""
    found = _found(np.array([0] * 10 + [1] * 10 + [2] * 3), 20)
    assert found is not None
    half, same = found.forecasts
    assert (half.more, same.more) == (10, 20) and 3 < half.solved.mean < same.solved.mean <= 10
    assert half.probability > 0.9 and found.within_reach.mean > 5


def test_where_all_is_solved_there_is_nothing_to_say() -> None:
    """None, and with all wrong nothing is promised."""
    assert _found(np.array([1, 2, 3]), 4) is None
    wrong = _found(np.array([0, 0]), 4)
    assert wrong is not None and wrong.within_reach.high == 2
