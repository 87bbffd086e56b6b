"""Requests that follow from samples: bought in rounds, pooled, priced, and played again without a call."""

from collections import Counter
from itertools import combinations

import pytest

from jointopt.domain import Budget, Vote
from jointopt.errors import BudgetExhausted
from jointopt.strategies import Windows
from tests.evaluation.conftest import JUDGE, PRICE, SOURCE, MakeWorld

FOLLOWING = {
    "best_of": {"by": ("careful", "p_true")},
    "refine": {"rounds": (1, 2)},
    "verify": {},
    "universal": {},
    "weighted": {"by": ("careful",), "temperature": (0.1, 0.5)},
}
JUDGED = {"best_of": {"by": ("careful",)}}


async def test_a_fresh_process_scores_everything_again_without_a_call(world: MakeWorld) -> None:
    """Verdicts, revisions and choices are in the pool: another process finds the same cards, and asks nothing."""
    made = world({"single": {}, **FOLLOWING})
    first = await made.covered()
    calls = len(made.vendor.calls)
    again = made.open()
    again.restore()
    assert len(made.vendor.calls) == calls
    assert set(again.cards) == set(first.cards) == set(made.space.policies())
    for policy, card in first.cards.items():
        assert again.cards[policy].scores.tolist() == card.scores.tolist()
        assert again.cards[policy].cost_usd.tolist() == card.cost_usd.tolist()


async def test_every_sample_gets_a_verdict_of_its_own(world: MakeWorld) -> None:
    """Equal texts lead to equal requests, which take replicates in turn; strategies with one judge share verdicts."""
    made = world({**JUDGED, "weighted": {"by": ("careful",)}})
    await made.covered()
    verdicts: Counter[str] = Counter()
    for request, replicates in made.vendor.calls:
        verdicts[request.key] += len(replicates) if request.model == JUDGE.model else 0
    assert sum(verdicts.values()) == 4 * len(made.examples)
    assert max(verdicts.values()) > 1


def _pair_score(strategy: str, one: Vote, other: Vote) -> float:
    """The score of two votes: the better rated is returned, or either where they are alike; two votes always tie."""
    rights = [float(vote.answer == "yes") for vote in (one, other)]
    if strategy == "best_of" and one.rating != other.rating:
        return rights[0] if one.rating > other.rating else rights[1]
    return sum(rights) / 2


@pytest.mark.parametrize("strategy", ["best_of", "refine", "verify"])
async def test_the_estimate_is_the_mean_over_all_plays(world: MakeWorld, strategy: str) -> None:
    """What follows from each of four samples is known: the mean over every pair of them, worked out by hand."""
    made = world(JUDGED if strategy == "best_of" else {strategy: {}}, (2,))
    evaluate = await made.covered()
    (policy,) = made.space.policies()
    plan = made.playbook.build(policy.strategy, policy.options)
    assert isinstance(plan, Windows)
    for place, example in enumerate(made.examples):
        rated = evaluate.estimate.follow.rated(plan, SOURCE, example)
        assert rated is not None and len(rated) == 4
        scores = [_pair_score(strategy, *pair) for pair in combinations(rated.votes, 2)]
        assert evaluate.cards[policy].scores[place] == pytest.approx(sum(scores) / 6)


async def test_a_short_budget_scores_no_half_rated_block(world: MakeWorld) -> None:
    """Samples are paid for and verdicts only in part: nothing is scored, and what was bought is not bought again."""
    made = world(JUDGED, (4,))
    evaluate, asked = made.open(Budget(calls=4 * 24 + 10)), 4 * 24
    with pytest.raises(BudgetExhausted):
        await evaluate.cover([SOURCE], made.examples, 4, made.space.tactics(), phase="search")
    assert evaluate.cards == {}
    before = evaluate.draw.ledger.spent().calls
    more = await made.covered()
    assert set(more.cards) == set(made.space.policies())
    assert asked < before <= asked + 10
    assert more.draw.ledger.spent().calls == 2 * asked


async def test_follow_ups_are_on_the_bill(world: MakeWorld) -> None:
    """A judged answer of four costs four verdicts more than a plain one: four prompts, and what the judge wrote."""
    made = world({"majority": {}, **JUDGED}, (4,))
    evaluate = await made.covered()
    plain = evaluate.cards[made.policy("majority", 4)]
    judged = evaluate.cards[made.policy("best_of", 4, by="careful")]
    extra = judged.tokens - plain.tokens
    assert (extra >= 4 * (20 + 4)).all() and (extra <= 4 * (20 + 8)).all()
    verdicts = extra - 4 * 20
    assert (judged.cost_usd - plain.cost_usd).tolist() == pytest.approx(((80 + 4 * verdicts) / 1e6).tolist())
    assert PRICE.of(80, 0) == pytest.approx(80e-6)
    assert (judged.latency_s > plain.latency_s).all()


async def test_a_choice_among_several_rests_on_disjoint_runs(world: MakeWorld) -> None:
    """Eight samples are four pairs: at most four choices a question, none where both texts are the same."""
    made = world({"universal": {}}, (2,))
    await made.covered(8)
    choices = [request for request, _ in made.vendor.calls if "its number only" in request.messages[-1].content]
    assert 0 < len(choices) <= 4 * len(made.examples)
    assert all("Response 2" in request.messages[-1].content for request in choices)


async def test_a_pool_that_grows_does_not_lose_what_was_scored(world: MakeWorld) -> None:
    """Choices and verdicts for the first four samples still score, when four more have come without any."""
    made = world({"universal": {}, **JUDGED}, (4,))
    evaluate = await made.covered(4)
    before = {policy: card.scores.tolist() for policy, card in evaluate.cards.items()}
    await evaluate.fill([(SOURCE, example, 8) for example in made.examples], [], "search")
    for policy, scores in before.items():
        card = evaluate.estimate.card(policy, made.examples)
        assert card is not None and card.scores.tolist() == scores
    await evaluate.cover([SOURCE], made.examples, 8, made.space.tactics(), phase="search")
    assert any(card.scores.tolist() != before[policy] for policy, card in evaluate.cards.items())


@pytest.mark.parametrize("strategy", [("universal", {}), ("best_of", {"by": ("careful",)})])
async def test_what_grows_for_another_policy_is_not_scored(
    world: MakeWorld, strategy: tuple[str, dict[str, tuple[str]]]
) -> None:
    """Whether the pool can go on for free depends on what the answers are: only what was asked on purpose counts."""
    name, options = strategy
    plan = world({name: dict(options), "majority": {}}, (2, 8))
    evaluate = plan.open()
    policy = plan.policy(name, 2, **{option: choices[0] for option, choices in options.items()})
    await evaluate.cover([SOURCE], plan.examples, 2, [policy.tactic], phase="search")
    scored = evaluate.cards[policy]
    assert scored.samples.tolist() == [2] * len(plan.examples)
    await evaluate.cover([SOURCE], plan.examples, 8, [plan.policy("majority", 8).tactic], phase="search")
    grown = evaluate.cards[policy]
    assert grown.scores.tolist() == scored.scores.tolist()
    assert grown.samples.tolist() == scored.samples.tolist()
    await evaluate.cover([SOURCE], plan.examples, 8, [policy.tactic], phase="search")
    assert evaluate.cards[policy].samples.tolist() == [8] * len(plan.examples)


async def test_what_was_never_asked_about_is_not_scored(world: MakeWorld) -> None:
    """Two equal answers need no model to choose between them, but then only they would count."""
    plan = world({"universal": {}, "majority": {}}, (2,))
    evaluate = plan.open()
    await evaluate.cover([SOURCE], plan.examples, 2, [plan.policy("majority", 2).tactic], phase="search")
    assert plan.policy("majority", 2) in evaluate.cards
    assert plan.policy("universal", 2) not in evaluate.cards
