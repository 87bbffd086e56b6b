"""Live: the same moves as in replay, asked window by window, and paid for by the request."""

from dataclasses import replace

import pytest

from jointopt.domain import Example, Policy
from jointopt.evaluation import Estimate, Readings, answer_live
from tests.evaluation.conftest import PRICE, SOURCE, MakeWorld, World

STRATEGIES = {
    "single": {},
    "majority": {},
    "best_of": {"by": ("logprob", "careful")},
    "adaptive_consistency": {"window": (2,)},
    "early_stop": {"window": (2,)},
    "refine": {},
    "verify": {},
}


async def _live(world: World, policy: Policy, example: Example) -> tuple[str | None, float, int, int]:
    """What a fresh process answers and pays: the answer, its bill in tokens, the ledger's, and the calls it made."""
    evaluate, before = world.open(), len(world.vendor.calls)
    spent = evaluate.draw.ledger.spent().tokens
    prices = evaluate.estimate.prices
    answer = await answer_live(policy, example, evaluate.draw, world.playbook, prices, phase="live")
    paid = evaluate.draw.ledger.spent().tokens - spent
    return answer.vote.answer, answer.bill.tokens, paid, len(world.vendor.calls) - before


async def test_a_policy_played_live_answers_what_the_pool_answers(world: MakeWorld) -> None:
    """Live first, then from the pool it left behind: the same answer for the same seed, and not one call more."""
    made = world(STRATEGIES, (4,))
    for policy in made.space.policies():
        for example in made.examples[:6]:
            answer, bill, paid, _ = await _live(made, policy, example)
            again, _, nothing, none = await _live(made, policy, example)
            assert (again, nothing, none) == (answer, 0, 0)
            assert paid <= bill  # what another policy left in the pool is not paid again


async def test_the_live_bill_is_the_ledgers(world: MakeWorld) -> None:
    """With an empty pool, the tokens on the bill are those that the ledger settled. Equal follow-ups that are asked in
    one turn are sent as one request, so a prompt may be paid less often than the bill says, never more.
    """
    made = world(STRATEGIES, (4,))
    for place, policy in enumerate(made.space.policies()):
        _, bill, paid, calls = await _live(made, policy, made.examples[place])
        follows = made.playbook.build(policy.strategy, policy.options).follows
        assert 0 < paid <= bill and (follows or paid == bill) and calls > 0


async def test_asking_one_by_one_costs_more_than_a_fixed_vote_and_asking_in_windows_less(world: MakeWorld) -> None:
    """A prompt of 2,000 tokens and completions of 200: stopping early saves samples, yet one by one the prompt is sent
    again for each. Measured in the ledger, live, and foretold by the scorecards.
    """
    made = world({"majority": {}, "adaptive_consistency": {"window": (1, 8)}}, (16,))
    made.vendor.prompt_tokens, made.vendor.tokens = 2_000, range(150, 251)
    made.vendor.answers = ["yes"] * 8 + ["no", "perhaps"]
    policies = {w: made.policy("adaptive_consistency", 16, window=w) for w in (1, 8)} | {0: made.policy("majority", 16)}
    spent = {}
    for window, policy in policies.items():
        evaluate = made.open()
        before = evaluate.draw.ledger.spent().usd
        for place in range(16):  # questions of its own, so that every policy finds an empty pool
            example = Example(f"{window}-{place}", {"question": f"a long one {window} {place}"}, "yes")
            await answer_live(policy, example, evaluate.draw, made.playbook, evaluate.estimate.prices, phase="live")
        spent[window] = evaluate.draw.ledger.spent().usd - before
    assert spent[1] > spent[0] > spent[8]
    evaluate = await made.covered(16)
    costs = {window: evaluate.cards[policy].cost_usd.mean() for window, policy in policies.items()}
    assert costs[1] > costs[0] > costs[8]


async def test_windows_after_the_first_pay_the_cached_price_where_the_vendor_caches(world: MakeWorld) -> None:
    """A prompt that was seen to be cached costs less when it is sent again, and full price the first time."""
    made = world({"early_stop": {"window": (2,)}}, (4,))
    plain = await made.covered()
    policy = made.policy("early_stop", 4, window=2)
    readings, prices = plain.estimate.readings, {"m": replace(PRICE, cached_usd=0.1)}
    again = Estimate(Readings(made.space, readings.rubric, seed=0, logprobs=False), made.playbook, prices)
    for example in made.examples:
        request = readings.request(SOURCE, example)
        samples = [
            replace(sample, cached_tokens=16 * bool(sample.input_tokens)) for sample in readings.samples(request)
        ]
        again.readings.add(request.key, samples)
    card, before = again.card(policy, made.examples), plain.cards[policy]
    assert card is not None
    requests = (before.cost_usd * 1e6 - 4 * before.tokens) / (1 - 4) / 20  # from what tokens and dollars say
    assert requests.min() > 1 - 1e-9 and requests.max() > 1.1
    saved = (before.cost_usd - card.cost_usd) * 1e6
    assert saved.tolist() == pytest.approx((16 * (1 - 0.1) * (requests - 1)).tolist())
