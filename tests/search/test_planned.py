"""Samplers that plan, on worlds whose truth is known."""

import json
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jointopt.search import SAMPLERS, plans
from jointopt.search.samplers import Planned
from jointopt.search.samplers.joint import Joint
from jointopt.search.samplers.psst_k import PsstK
from jointopt.search.view import Floats
from tests.bench.populations import best_of, chance_to_win, make_objectives, make_votes, read_math, vote_population
from tests.bench.worlds import BestOf, Population, Votes, search

PLANNED = sorted(name for name in SAMPLERS if plans(name))


def _plan(name: str, seed: int) -> Planned:
    sampler = SAMPLERS[name](seed)
    assert isinstance(sampler, Planned)
    return sampler


def _flip(cost: float = 0.001) -> Population:
    """Prompt 0 is right with 40% on half of the questions and with 90% on the others, prompt 1 with 62% on all."""
    right: Floats = np.stack([np.tile([0.4, 0.9], 40), np.full(80, 0.62)])
    return vote_population(np.stack([right, 1 - right], axis=2), np.full(2, cost), np.array([0.0, 1.0]))


@pytest.mark.parametrize("name", PLANNED)
@settings(max_examples=15, deadline=None)
@given(budget=st.integers(0, 700), seed=st.integers(0, 99))
def test_a_plan_never_overspends(name: str, budget: int, seed: int) -> None:
    """Not with a budget of nothing either, nor below one pull of every prompt; `search` raises where it does."""
    population = make_votes(prompts=7, questions=20)
    world = Votes(population, np.arange(20), budget, seed)
    sampler = _plan(name, seed)
    for turn in sampler.plan(world):
        world.buy(*turn)
        sampler.learn(world, turn)
        assert world.spent <= budget
    if budget >= sampler.least(world):
        assert len(sampler.best(world)) == world.preferences


@pytest.mark.parametrize("name", PLANNED)
def test_a_plan_is_reproducible(name: str) -> None:
    """The same seed buys the same, and chooses the same."""
    population, bought = make_votes(prompts=6, questions=30), []
    for _ in range(2):
        world = Votes(population, np.arange(30), 3000, 4)
        bought.append((search(_plan(name, 4), world), world.counts.tolist()))
    assert bought[0] == bought[1]


@pytest.mark.parametrize("name", sorted({*PLANNED} - {"uniform"}))  # which has one round
def test_a_plan_goes_on_from_every_mark(name: str) -> None:
    """Another sampler, told the mark as JSON has it, buys and chooses what the first one does."""
    world, sampler, halts = Votes(make_votes(prompts=6, questions=30), np.arange(30), 1500, 4), _plan(name, 4), []
    for turn in sampler.plan(world):
        halts.append((json.dumps(sampler.mark), deepcopy(world)))
        world.buy(*turn)
        sampler.learn(world, turn)
    chosen = sampler.best(world)
    assert len({mark for mark, _ in halts}) > 2
    for mark, halted in halts:
        again = _plan(name, 4)
        assert search(again, halted, json.loads(mark)) == chosen
        assert halted.counts.tolist() == world.counts.tolist()
        assert again.why == sampler.why


@pytest.mark.parametrize("name", sorted({*PLANNED} - {"triple"}))
def test_a_flip_between_one_sample_and_many_is_seen(name: str) -> None:
    """Alone prompt 0 is better (65 to 62), in a vote of ten prompt 1 is (63 to 77): what is blind to n cannot know."""
    found = [search(_plan(name, seed), Votes(_flip(), np.arange(80), 6000, seed))[0] for seed in range(5)]
    assert sum(source == 1 for source, _ in found) >= 4


def test_tuning_the_prompt_alone_falls_for_the_flip() -> None:
    """TRIPLE and K = 1 choose by single samples."""
    makers: list[Callable[[int], Planned]] = [lambda seed: _plan("triple", seed), lambda seed: PsstK(seed, 1)]
    for make in makers:
        found = [search(make(seed), Votes(_flip(), np.arange(80), 20_000, seed))[0] for seed in range(5)]
        assert sum(source == 0 for source, _ in found) >= 4


def test_joint_sees_the_flip_from_eight_samples() -> None:
    """No question has more than eight samples of a prompt, and n goes to 32."""
    world = Votes(_flip(), np.arange(80), 1280, 3)
    assert search(Joint(3, sure=None), world)[0][0] == 1
    assert world.held.max() <= 8


def test_joint_sees_the_flip_of_recorded_prompts() -> None:
    """Prompt 1 is better alone and prompt 4 in a vote of 32; eight samples of each question tell both."""
    math = read_math()
    if math is None:
        pytest.skip("no recorded answers: set JOINTOPT_BENCH_DATA")
    pair = vote_population(math.shares[[1, 4]], math.cost[[1, 4]], np.zeros(1))
    assert pair.worth[0, :, 0].mean(axis=1).argmax() == 0
    orders = [np.random.default_rng(seed).permutation(316) for seed in range(6)]
    worlds = [Votes(pair, order, 2 * 8 * 316, seed) for seed, order in enumerate(orders)]
    found = [search(Joint(seed, sure=None), world)[0] for seed, world in enumerate(worlds)]
    assert sum(source for source, _ in found) >= 5
    assert min(tactic for _, tactic in found) > 15


def test_joint_chooses_for_every_preference() -> None:
    """Where samples are dear it asks for fewer of them."""
    (_, many), (_, few) = search(Joint(1, sure=None), Votes(_flip(0.006), np.arange(80), 4000, 1))
    assert many > few


def test_joint_stops_where_nothing_is_left_to_decide() -> None:
    """One prompt is far better than all others: most of the budget is kept."""
    right = np.array([[0.95] * 60, [0.3] * 60, [0.2] * 60])
    population = vote_population(np.stack([right, 1 - right], axis=2), np.full(3, 0.01), np.array([0.5]))
    world = Votes(population, np.arange(60), 50_000, 2)
    sampler = Joint(2, sure=0.03)
    ((source, _),) = search(sampler, world)
    assert source == 0
    assert world.spent < 15_000
    assert "probability" in sampler.why


def test_joint_beats_its_rivals_on_objectives() -> None:
    """Best of n under 27 preferences: on average over seeds it is nearer to the optimum than PSST."""
    population, values = make_objectives(prompts=12, questions=40)
    optimum = population.worth.mean(axis=3).max(axis=(1, 2)).mean()

    def regret(make: Callable[[int], Planned]) -> float:
        worlds = [(seed, BestOf(population, values, 2000, seed)) for seed in range(4)]
        return float(np.mean([optimum - world.value(search(make(seed), world)) for seed, world in worlds]))

    assert regret(lambda seed: Joint(seed, sure=None)) < regret(lambda seed: _plan("psst", seed))


def test_the_truth_of_the_worlds_is_the_truth() -> None:
    """Majorities and best-of against plain simulation."""
    rng, shares = np.random.default_rng(0), np.array([[[0.45, 0.4, 0.15]]])
    drawn = rng.choice(3, p=shares[0, 0], size=(40_000, 5))
    counts = (drawn[..., None] == np.arange(3)).sum(axis=1)
    rival = counts[:, 1:].max(axis=1)
    voted = ((counts[:, 0] > rival) + 0.5 * (counts[:, 0] == rival)).mean()
    assert chance_to_win(shares)[0, 0, 4] == pytest.approx(voted, abs=0.01)
    values = np.array([0.2, 0.9, 0.5])
    assert best_of(shares, values)[0, 4, 0] == pytest.approx(values[drawn].max(axis=1).mean(), abs=0.01)
