"""What strategies may expect, whichever way it is added up."""

from importlib import import_module

import numpy as np
import pytest

from jointopt.domain import Options, Vote
from jointopt.evaluation import Reading
from jointopt.evaluation.expect import replay, work_out
from jointopt.strategies import Playbook, Windows

expect = import_module("jointopt.evaluation.expect")
WAYS: list[tuple[str, Options]] = [
    ("early_stop", (("window", 2),)),
    ("adaptive_consistency", ()),
    ("bayesian", ()),
    ("weighted", (("by", "logprob"),)),
    ("majority", ()),
]


def _reading(rng: np.random.Generator, kinds: int, samples: int = 16) -> Reading:
    votes = tuple(
        Vote(str(answer), logprob, tokens=5, rating=logprob)
        for answer, logprob in zip(rng.integers(kinds, size=samples), -rng.random(samples), strict=True)
    )
    marks, ones = rng.random((1, samples)).round(), np.ones(samples)
    return Reading(votes, marks, 20, 0, 5 * ones, 0 * ones, rng.random(samples), np.zeros((3, samples)))


def _strategy(way: tuple[str, Options]) -> Windows:
    built = Playbook().build(*way)
    assert isinstance(built, Windows)
    return built


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_worth_is_the_same_by_answer_and_by_vote(way: tuple[str, Options], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools of few answers are added up answer by answer, those of many vote by vote: both to the same sum."""
    found = []
    for few in (0, 1000):
        monkeypatch.setattr(expect, "_FEW", few)
        readings = [_reading(np.random.default_rng(seed), kinds) for seed, kinds in enumerate((2, 6, 30))]
        work_out(_strategy(way), readings, [2, 4, 16])
        found.append([reading.outcomes[_strategy(way)][n].marks[0] for reading in readings for n in (2, 4, 16)])
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert len(set(found[0])) > 3


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_some_samples_of_a_reading_are_worth_what_they_are_alone(way: tuple[str, Options]) -> None:
    """A replay on chosen samples, a sample twice among them, is that of a reading that holds just these."""
    rng = np.random.default_rng(5)
    whole, places = _reading(rng, 4), rng.integers(16, size=9)
    alone = Reading(
        tuple(whole.votes[place] for place in places), whole.marks[:, places], 20, 0,
        whole.output_tokens[places], whole.reasoning_tokens[places], whole.latency_s[places], whole.extra[:, places],
    )  # fmt: skip
    work_out(_strategy(way), [alone], [8])
    (again,) = replay(_strategy(way), [(whole, places)], 8)
    wanted = alone.outcomes[_strategy(way)][8]
    assert again.marks == pytest.approx(wanted.marks, abs=1e-12)
    assert (again.output_tokens, again.latency_s) == pytest.approx((wanted.output_tokens, wanted.latency_s), abs=1e-12)
