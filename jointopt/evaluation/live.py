"""One answer, live: a policy asks, window by window; every sample is reserved, bought, kept and settled on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from jointopt.domain import Example, Policy, Price, Vote
from jointopt.evaluation.dealer import Bill, Dealer, Game
from jointopt.evaluation.draw import Draw
from jointopt.evaluation.evaluate import fill_follow_ups
from jointopt.strategies import Playbook, draw_lot


@dataclass(frozen=True, slots=True)
class Answer:
    """What a policy answered, and the bill."""

    vote: Vote
    bill: Bill


async def answer_live(
    policy: Policy, example: Example, draw: Draw, playbook: Playbook, prices: Mapping[str, Price], *, phase: str
) -> Answer:
    """Answer one example as the policy would: replicates that the pool has are taken from it, the others are bought.

    Ties are drawn by the study's seed.

    Raises:
        BudgetExhausted: the ledger or the clock refused.
        ModelError: a model fails.
    """
    case = draw.readings.case(policy.source, example)
    strategy = playbook.build(policy.strategy, policy.options)
    game = Game(strategy.moves(policy.n, case), None)
    await fill_follow_ups([Dealer(case, [game], draw.readings, prices)], draw, phase, None)
    return Answer(draw_lot(game.end, Random(f"{draw.readings.seed}/{case.request.key}")), game.bill)
