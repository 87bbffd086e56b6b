"""Pools completed from what other prompts answered."""

import numpy as np
import pytest

from jointopt.domain import Example, Model, Preference, Price, Prompt, Sample, Scorecard, Source, Space, Tactic
from jointopt.evaluation import Complete, Estimate, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.strategies import Playbook
from tests.bench.populations import vote_population
from tests.bench.worlds import Votes

PRICE = Price(1.0, 4.0)
TEXTS = ["yes", "no", "perhaps"]
SPACE = Space(
    {"p": Prompt("p", "{question}"), "q": Prompt("q", "{question}!")},
    {"m": Model("m", "echo/one"), "other": Model("other", "echo/two")},
    {"majority": {}, "adaptive_consistency": {"threshold": (0.9,), "window": (1,)}, "universal": {}},
    (1, 8),
    (1.0,),
)
EXAMPLES = [Example(str(i), {"question": f"question {i}"}, "yes") for i in range(6)]
P, Q, STRANGER = Source("p", "m", 1.0), Source("q", "m", 1.0), Source("p", "other", 1.0)


def _estimate(answers: dict[Source, list[list[int]]]) -> Estimate:
    """An estimate whose pool holds these answers (places in TEXTS) of each example, by source."""
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False)
    for source, rows in answers.items():
        for example, row in zip(EXAMPLES, rows, strict=False):
            samples = [
                Sample(i, TEXTS[kind], input_tokens=20, output_tokens=5, latency_s=0.5) for i, kind in enumerate(row)
            ]
            readings.add(readings.request(source, example).key, samples)
    return Estimate(readings, Playbook(), {"m": PRICE, "other": PRICE})


def _cards(answers: dict[Source, list[list[int]]], source: Source, draws: int = 400) -> dict[Tactic, Scorecard]:
    count = len(next(iter(answers.values())))
    held = {one: np.array([len(row) for row in rows]) for one, rows in answers.items()}
    complete = Complete(_estimate(answers), 8, seed=1)
    return complete.cards(source, SPACE.tactics(), EXAMPLES[:count], held, draws)


MAJORITY = Tactic("majority", 8)


def test_a_deep_pool_says_what_it_says() -> None:
    """With many samples of its own, a source's completed curve is that of its own shares."""
    answers = {P: [[0] * 60 + [1] * 40], Q: [[1] * 8]}
    rng = np.random.default_rng(0)
    votes = rng.choice(2, p=[0.6, 0.4], size=(40_000, 8)).sum(axis=1)
    truth = (votes < 4).mean() + (votes == 4).mean() / 2
    assert _cards(answers, P, 2000)[MAJORITY].score == pytest.approx(truth, abs=0.04)


def test_a_shallow_pool_leans_on_other_prompts() -> None:
    """One right sample means more where the other prompt is right, too; another model's answers count for nothing."""
    lone, backed, doubted = ({P: [[0]], Q: [[kind] * 8]} if kind else {P: [[0]]} for kind in (None, 0, 1))
    backed = {P: [[0]], Q: [[0] * 8]}
    scores = [_cards(answers, P)[MAJORITY].score for answers in (doubted, backed)]
    assert scores[0] < 0.7 < scores[1]
    beside = {P: [[0]], STRANGER: [[1] * 8]}
    assert _cards(beside, P)[MAJORITY].score == _cards(lone, P)[MAJORITY].score


def test_what_may_not_be_looked_at_changes_nothing() -> None:
    """Only as many samples as are held count; an example without any leaves nothing to say."""
    more, fewer = {P: [[0, 0, 1, 1, 1, 1]]}, {P: [[0, 0]]}
    held = {P: np.array([2])}
    found = [
        Complete(_estimate(answers), 8, seed=1).cards(P, [MAJORITY], EXAMPLES[:1], held, 50)[MAJORITY].score
        for answers in (more, fewer)
    ]
    assert found[0] == found[1]
    assert Complete(_estimate(fewer), 8, seed=1).cards(P, [MAJORITY], EXAMPLES[:1], {P: np.array([0])}, 50) == {}


def test_cost_is_the_sources_own() -> None:
    """Eight samples are asked in one request; what may stop early asks for fewer, one by one; no rule, no card."""
    cards = _cards({P: [[0, 0, 0, 0]], Q: [[1, 1]]}, P)
    assert cards[MAJORITY].tokens[0] == pytest.approx(20 + 8 * 5)
    early = next(card for tactic, card in cards.items() if tactic.strategy == "adaptive_consistency" and tactic.n == 8)
    assert 20 * 4 + 4 * 5 <= early.tokens[0] < 8 * 25
    assert not any(tactic.strategy == "universal" for tactic in cards)


def test_the_worlds_of_the_benchmark_complete_alike() -> None:
    """Counts there, votes here: the same expected scores, up to the draws."""
    rng = np.random.default_rng(3)
    shares = rng.dirichlet([2.0, 1.0], size=(2, 6))
    world = Votes(vote_population(shares, np.full(2, 0.0), np.array([0.0])), np.arange(6), 1000, 0)
    rows = {source: [list(rng.choice(2, p=p, size=3)) for p in shares[place]] for place, source in enumerate((P, Q))}
    for place, source in enumerate((P, Q)):
        for example, row in enumerate(rows[source]):
            np.add.at(world.counts[place, example], row, 1)
    ours = _cards({source: [[int(kind) for kind in row] for row in rows[source]] for source in rows}, P, 4000)
    theirs = world.expected(np.array([0]), np.arange(6), 4000)[0, 0, 7]
    assert ours[MAJORITY].utilities(Preference()) == pytest.approx(theirs, abs=0.06)
