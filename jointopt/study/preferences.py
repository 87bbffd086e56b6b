"""One run answers for every preference: the best policy under each, from the samples that are there, without a call."""

from jointopt.analysis import Estimate as Interval
from jointopt.analysis import Preferred
from jointopt.domain import Preference, Scorecard
from jointopt.evaluation import Estimate
from jointopt.strategies import OBJECTIVES
from jointopt.study.parts import Parts, open_playbook


def prefer(parts: Parts) -> tuple[Preferred, ...]:
    """The best policy under every preference of the plan's grid, among those judged on the most examples."""
    return tuple(_best(parts, preference) for preference in parts.plan.preferences)


def _best(parts: Parts, preference: Preference) -> Preferred:
    cards = parts.evaluate.cards.values()
    most = max(len(card.examples) for card in cards)
    again = Estimate(parts.readings, open_playbook(parts.plan, preference), parts.prices)
    widest = [_under(card, parts, again) for card in cards if len(card.examples) == most]
    best = max(widest, key=lambda card: card.utility(preference))
    return Preferred(
        preference=preference,
        policy=best.policy,
        utility=best.utility(preference),
        score=Interval(best.score, *best.interval),
        cost_usd=float(best.cost_usd.mean()),
        tokens=float(best.tokens.mean()),
    )


def _under(card: Scorecard, parts: Parts, again: Estimate) -> Scorecard:
    """The card as it is under another preference: only what selects by the objectives' weights chooses otherwise."""
    if ("by", OBJECTIVES) not in card.policy.options:
        return card
    return again.card(card.policy, parts.plan.task.dev[: len(card.examples)]) or card
