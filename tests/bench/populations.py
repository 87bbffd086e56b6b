"""Whose truth is known: the recorded MATH pool, and two synthetic worlds of 32 prompts."""

from collections.abc import Sequence
from itertools import product
from math import factorial

import numpy as np

from jointopt.search.view import Floats, Integers
from tests.bench.worlds import DEEPEST, NS, Population, play_votes
from tests.recorded import FOLDER

PLAYS = 400  # of an adaptive vote on each question; the plain vote in the same draws takes most of the noise away


def read_math(thresholds: Sequence[float] = ()) -> Population | None:
    """25 prompts x 316 questions under three preferences; None where the recorded answers are not at hand."""
    file = FOLDER / "iapo_math.npz"
    if not file.is_file():
        return None
    with np.load(file) as arrays:
        shares, right = arrays["probs"], np.asarray(arrays["answers"], dtype=np.int64)
        cost, weights = arrays["cost"], arrays["coef"]
    first = np.argsort(np.arange(shares.shape[2]) != right[:, None], axis=1, kind="stable")
    shares = np.take_along_axis(shares, np.broadcast_to(first[None], shares.shape), axis=2)
    return vote_population(shares, cost, weights, thresholds)


def vote_population(shares: Floats, cost: Floats, weights: Floats, thresholds: Sequence[float] = ()) -> Population:
    """What majority votes of n <= 32 are worth when class 0 is right; a tie counts half."""
    scores, asked = chance_to_win(shares), np.broadcast_to(NS, (*shares.shape[:2], DEEPEST))
    if thresholds:
        more, fewer = _adaptive(shares, scores, thresholds)
        scores, asked = np.concatenate([scores, more], axis=2), np.concatenate([asked, fewer], axis=2)
    worth = scores - weights[:, None, None, None] * cost[:, None, None] * asked
    return Population(shares, cost, weights, np.moveaxis(worth, 3, 2))


def chance_to_win(shares: Floats) -> Floats:
    """The chance of class 0 to win a vote of n = 1 to 32 independent samples, ties counted half: shape (S, Q, 32).

    Coefficients of a product of exponential series, one of each class, cut where it would beat the winner.
    """
    flat = shares.reshape(-1, shares.shape[2])
    terms = flat[:, :, None] ** np.arange(DEEPEST + 1) / np.array([float(factorial(j)) for j in range(DEEPEST + 1)])
    won = np.zeros((len(flat), DEEPEST + 1))
    for m in range(1, DEEPEST + 1):
        below, level = np.zeros((2, len(flat), DEEPEST + 1))
        below[:, 0] = level[:, 0] = 1.0
        for rival in range(1, flat.shape[1]):
            below = _times(below, terms[:, rival], m - 1)
            level = _times(level, terms[:, rival], m)
        either = (below + level) / 2  # alone at the top counts 1, a tie counts half
        won[:, m:] += terms[:, 0, m, None] * either[:, : DEEPEST + 1 - m]
    won *= np.array([float(factorial(n)) for n in range(DEEPEST + 1)])
    return won[:, 1:].reshape(*shares.shape[:2], DEEPEST)


def _times(product: Floats, series: Floats, most: int) -> Floats:
    grown = np.zeros_like(product)
    for j in range(min(most, DEEPEST) + 1):
        grown[:, j:] += product[:, : DEEPEST + 1 - j] * series[:, j, None]
    return grown


def _adaptive(shares: Floats, exact: Floats, thresholds: Sequence[float]) -> tuple[Floats, Floats]:
    """Scores and samples of votes that stop early, shape (S, Q, 32 x thresholds), by play."""
    rng, scores, asked = np.random.default_rng(5), [], []
    for prompt, known in zip(shares, exact, strict=True):
        drawn = (rng.random((len(prompt), PLAYS, DEEPEST, 1)) > prompt.cumsum(axis=1)[:, None, None, :-1]).sum(axis=3)
        right, used = (part.mean(axis=2).T for part in play_votes(drawn.astype(np.int8), shares.shape[2], thresholds))
        plain, early = right[:, :DEEPEST], right[:, DEEPEST:]
        scores.append(early + np.tile(known - plain, len(thresholds)))
        asked.append(used[:, DEEPEST:])
    return np.array(scores), np.array(asked)


def make_votes(prompts: int = 32, questions: int = 100, seed: int = 7) -> Population:
    """Questions with a right and a wrong answer; prompts differ in skill, in steadiness and in price.

    Steady prompts are right or wrong on a question nearly always; unsteady ones gain by votes.
    """
    rng = np.random.default_rng(seed)
    skill, steady = rng.normal(0.5, 0.5, (prompts, 1)), rng.uniform(0.3, 2.5, (prompts, 1))
    hard = rng.normal(0.0, 1.0, questions)
    right = 1 / (1 + np.exp(-(skill + steady * (hard + rng.normal(0.0, 0.5, (prompts, questions))))))
    shares = np.stack([right, 1 - right], axis=2)
    return vote_population(shares, rng.uniform(0.003, 0.01, prompts), np.array([0.0, 0.2, 1.0]))


def make_objectives(prompts: int = 32, questions: int = 100, seed: int = 11) -> tuple[Population, Floats]:
    """Completions in 8 classes with two objectives; 27 preferences weigh both, and cost. Also the classes' values."""
    rng = np.random.default_rng(seed)
    marks = rng.random((2, 8))
    taste = rng.normal(0.0, 1.0, (prompts, 1, 8)) * rng.uniform(0.2, 2.0, (prompts, 1, 1))
    spread = taste + rng.normal(0.0, 0.7, (1, questions, 8)) + rng.normal(0.0, 0.5, (prompts, questions, 8))
    shares = np.exp(spread) / np.exp(spread).sum(axis=2, keepdims=True)
    grid = np.array(list(product((0.2, 0.5, 1.0), (0.2, 0.5, 1.0), (0.0, 0.2, 1.0))))
    values = grid[:, :2] @ marks / grid[:, :2].sum(axis=1, keepdims=True)
    cost = rng.uniform(0.003, 0.02, prompts)
    worth = [
        best_of(shares, value) - weight * cost[:, None, None] * NS[:, None]
        for value, weight in zip(values, grid[:, 2], strict=True)
    ]
    return Population(shares, cost, grid[:, 2], np.array(worth)), values


def best_of(shares: Floats, values: Floats) -> Floats:
    """Mean of the best of n = 1 to 32 independent samples, shape (S, 32, Q)."""
    order = np.argsort(values)
    up_to = np.minimum(shares[..., order].cumsum(axis=2), 1.0)[:, None] ** NS[:, None, None]
    return np.asarray(np.diff(up_to, axis=3, prepend=0.0) @ values[order])


def split(questions: int, repeats: int, seed: int) -> list[tuple[Integers, Integers]]:
    """Five splits of 80 and 20 for each repeat, so that every question is scored equally often."""
    rng, splits = np.random.default_rng(seed), []
    for _ in range(repeats):
        order = rng.permutation(questions)
        for fold in range(5):
            scored = np.sort(order[fold::5])
            splits.append((rng.permutation(np.setdiff1d(np.arange(questions), scored)), scored))
    return splits
