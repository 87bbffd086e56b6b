"""Every policy that was judged, ranked: what spreadsheets are written from."""

from jointopt.domain import Policy
from jointopt.errors import NothingToReport
from jointopt.reports import Ranked
from jointopt.study.conclude import score, stand
from jointopt.study.parts import Parts
from jointopt.study.phases import Phases


def rank(parts: Parts, phases: Phases) -> list[Ranked]:
    """The winner and all others, those judged on the most examples first, and of these the best under the study's
    preference.

    Raises:
        NothingToReport: no policy has been judged yet.
    """
    leader, found = parts.evaluate.leader(), phases.recall("sealed")
    if leader is None:
        where, mend = f"study {parts.plan.name!r}", "run it first: jointopt run"
        raise NothingToReport("no policy has been judged yet", where=where, mend=mend)
    winner = Policy.from_json(found["winner"]) if found else leader.policy
    sealed = parts.plan.task.sealed[: found["examples"]] if found else ()
    preference = parts.plan.preference
    ranked = [
        Ranked(
            standing=stand(parts, policy, sealed),
            winner=policy == winner,
            dev=len(card.examples),
            sealed=len(sealed) if score(parts, policy, sealed) else 0,
            utility=card.utility(preference),
            samples=int(card.samples.min()),
        )
        for policy, card in parts.evaluate.cards.items()
    ]
    return sorted(ranked, key=lambda one: (not one.winner, -one.dev, -one.utility))
