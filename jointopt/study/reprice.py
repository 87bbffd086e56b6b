"""What if prices or latencies were others? Every policy is scored anew from the pool: nothing is asked or written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from jointopt.analysis import Frontier, Preferred, find_frontier
from jointopt.domain import Latency, Policy, Price, Scorecard
from jointopt.errors import NothingToReport
from jointopt.evaluation import Draw, Estimate, Evaluate
from jointopt.study.parts import Parts
from jointopt.study.preferences import judged_alike, prefer


@dataclass(frozen=True)
class Ranking:
    """The policies that were judged on the same examples, under some prices.

    Attributes:
        cards: theirs, best first under the study's own preference.
        preferred: the best under every further preference.
        frontier: those worth paying for.
    """

    cards: tuple[Scorecard, ...]
    preferred: tuple[Preferred, ...]
    frontier: Frontier | None

    @cached_property
    def places(self) -> Mapping[Policy, int]:
        """Where each policy stands, from 1."""
        return {card.policy: place for place, card in enumerate(self.cards, start=1)}


@dataclass(frozen=True, slots=True)
class Repriced:
    """A study as it is, and as it would be.

    Attributes:
        before: under its own prices and measured latencies.
        after: under the new ones.
        chosen: what leads the study where its sampler chose that itself, by more than the scorecards say; else None.
    """

    before: Ranking
    after: Ranking
    chosen: Policy | None


def reprice(parts: Parts, prices: Mapping[str, Price], latencies: Mapping[str, Latency]) -> Repriced:
    """Rank every policy under new prices and latencies, without a call, a reservation or a change in the database.

    What the sampler would have bought under the new prices is not known: the policies are those that the pool covers.

    Args:
        parts: of a study that is open.
        prices: by model id, judges included; other models keep theirs.
        latencies: likewise.

    Raises:
        NothingToReport: no policy has been judged yet.
    """
    if not parts.evaluate.cards:
        where, mend = f"study {parts.plan.name!r}", "run it first: jointopt run"
        raise NothingToReport("no policy has been judged yet", where=where, mend=mend)
    again = _anew(parts, {**parts.prices, **prices}, latencies)
    return Repriced(_rank(parts), _rank(again), parts.evaluate.chosen)


def _anew(parts: Parts, prices: Mapping[str, Price], latencies: Mapping[str, Latency]) -> Parts:
    """The study's parts with empty readings, filled from the pool; scorecards are handed to nobody."""
    plan, evaluated = parts.plan, parts.evaluate
    readings = parts.readings.anew(latencies)
    draw = Draw(readings, parts.pool, parts.ledger, parts.providers)
    estimate = Estimate(readings, parts.estimate.playbook, prices)
    estimate.recall(evaluated.cards.values(), plan.task.dev)
    evaluate = Evaluate(plan.task, evaluated.policies, draw, estimate, plan.preference)
    evaluate.restore()
    evaluate.chosen = evaluated.chosen  # so that both rankings are of policies judged on the same examples
    return replace(parts, prices=prices, readings=readings, draw=draw, estimate=estimate, evaluate=evaluate)


def _rank(parts: Parts) -> Ranking:
    cards, preference = judged_alike(parts), parts.plan.preference
    ranked = sorted(cards, key=lambda card: -card.utility(preference))
    return Ranking(tuple(ranked), prefer(parts), find_frontier(cards))
