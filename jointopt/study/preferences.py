"""One run answers for every preference: the best policy under each, from the samples that are there, without a call."""

from collections.abc import Sequence

from jointopt.analysis import Estimate as Interval
from jointopt.analysis import Preferred, find_above
from jointopt.domain import Policy, Preference, Scorecard
from jointopt.evaluation import Estimate
from jointopt.strategies import OBJECTIVES
from jointopt.study.parts import Parts, open_playbook


def open_books(parts: Parts) -> list[tuple[Preference, Estimate]]:
    """Every preference of the plan, its own first, and what estimates under it."""
    further = [
        (p, Estimate(parts.readings, open_playbook(parts.plan, p), parts.prices)) for p in parts.plan.preferences
    ]
    return [(parts.plan.preference, parts.estimate), *further]


def prefer(parts: Parts, chosen: Sequence[Policy] = ()) -> tuple[Preferred, ...]:
    """The policy for every preference of the plan's grid, and what has a higher utility among those judged alike.

    Args:
        parts: of the study.
        chosen: what the sampler chose for each of these preferences, where it did so itself.
    """
    own: list[Policy | None] = list(chosen) or [None] * len(parts.plan.preferences)
    books = open_books(parts)[1:]
    return tuple(_best(parts, *book, policy) for book, policy in zip(books, own, strict=True))


def judged_alike(parts: Parts) -> list[Scorecard]:
    """All policies that were judged on the leader's examples at least, on these; none before there is a leader."""
    leader = parts.evaluate.leader()
    if leader is None:
        return []
    most = len(leader.examples)
    return [card.first(most) for card in parts.evaluate.cards.values() if len(card.examples) >= most]


def _best(parts: Parts, preference: Preference, again: Estimate, chosen: Policy | None) -> Preferred:
    cards = [_under(card, parts, again) for card in judged_alike(parts)]
    alike = next((card for card in cards if card.policy == chosen), None)
    fewer = parts.evaluate.cards.get(chosen) if chosen and alike is None else None  # judged on fewer than the leader
    own = alike or (_under(fewer, parts, again) if fewer else None)
    best = own or max(cards, key=lambda card: card.utility(preference))
    return Preferred(
        preference=preference,
        policy=best.policy,
        utility=best.utility(preference),
        score=Interval(best.score, *best.interval),
        cost_usd=float(best.cost_usd.mean()),
        tokens=float(best.tokens.mean()),
        above=find_above(cards, best, preference, by_sampler=own is not None),
    )


def _under(card: Scorecard, parts: Parts, again: Estimate) -> Scorecard:
    """The card as it is under another preference: only what selects by the objectives' weights chooses otherwise."""
    if ("by", OBJECTIVES) not in card.policy.options:
        return card
    return again.card(card.policy, parts.plan.task.dev[: len(card.examples)]) or card
