"""What a study taught, from its pool alone: no call is made, so it can be asked at any time and again."""

from collections.abc import Sequence
from shlex import quote

import numpy as np

from jointopt.analysis import (
    Above,
    Contender,
    Counts,
    Curve,
    Difference,
    Estimate,
    Extent,
    Findings,
    Importance,
    Interaction,
    Procedure,
    Standing,
    find_above,
    find_frontier,
    paired_difference,
    variance_shares,
)
from jointopt.domain import Example, Policy, Scorecard
from jointopt.errors import NothingToReport
from jointopt.search import IMPORTANCE, importances
from jointopt.study.beyond import look_beyond
from jointopt.study.insight import UNENDED, UNFILLED, Seen, look_deeper
from jointopt.study.parts import Parts
from jointopt.study.phases import Phases
from jointopt.study.preferences import judged_alike, prefer
from jointopt.study.tables import PARTLY, fill_table, gather, score_cell, widen
from jointopt.study.warm import taken_over

LEADERS = 10


def conclude(parts: Parts, phases: Phases) -> Findings:
    """The findings of a study, as far as it is.

    Raises:
        NothingToReport: no policy has been judged on a whole block yet.
    """
    leader, found = need_leader(parts), phases.recall("sealed")
    winner = Policy.from_json(found["winner"]) if found else leader.policy
    sealed = parts.plan.task.sealed[: found["examples"]] if found else ()
    extent = phases.extent() if phases.recall("search") else None
    comparison = compare(parts, choices(phases), sealed)
    seen = see_table(parts, phases, extent, winner)
    interaction, note = measure_interaction(parts, phases, seen)
    curves = draw_curves(parts, phases, extent, winner)
    return Findings(
        study=parts.plan.name,
        task=parts.plan.task.name,
        models=tuple(parts.plan.space.models),
        digest=parts.plan.digest,
        counts=count(parts, phases, len(sealed)),
        spend=parts.ledger.spent(),
        budget=parts.plan.budget,
        preference=parts.plan.preference,
        seconds=parts.studies.find(parts.plan.name).elapsed_s,
        winner=stand(parts, winner, sealed),
        prompt=parts.readings.request(winner.source, parts.plan.task.dev[0]).messages,
        leaders=tuple(stand(parts, card.policy, sealed) for card in leaders(parts)),
        comparison=comparison,
        interaction=interaction,
        interaction_note=note,
        curves=curves,
        importance=weigh(phases),
        command=to_type(parts.plan.path.name),
        preferred=prefer(parts, phases.chosen()[1:]),
        beyond=look_beyond(parts, winner.source),
        comparison_note="" if comparison else why_not_compared(phases, extent),
        frontier=find_frontier(judged_alike(parts)),
        taken_over=taken_over(parts),
        ended=(phases.recall("search") or {}).get("why", ""),
        insight=look_deeper(parts, seen, comparison, sealed, ended=phases.recall("search") is not None),
        above=pass_over(parts, phases, winner),
    )


def to_type(file: str) -> str:
    """The command that runs a study file, fit to be copied into a shell: the name may be anybody's, from a bundle."""
    return f"jointopt run {quote(f'./{file}' if file.startswith('-') else file)}"


def need_leader(parts: Parts) -> Scorecard:
    """What leads the study.

    Raises:
        NothingToReport: no policy has been judged on a whole block yet.
    """
    leader = parts.evaluate.leader()
    if leader is None:
        raise NothingToReport(
            "no policy has been judged yet", where=f"study {parts.plan.name!r}", mend="run it first: jointopt run"
        )
    return leader


def choices(phases: Phases) -> dict[str, tuple[Policy, int]]:
    """What every procedure chose, and from how many calls; empty before the seal is opened."""
    found = phases.recall("sealed")
    recorded = found["choices"] if found else {}
    return {name: (Policy.from_json(text), calls) for name, (text, calls) in recorded.items()}


def count(parts: Parts, phases: Phases, sealed: int) -> Counts:
    """How much of everything."""
    return Counts(
        dev=len(parts.plan.task.dev),
        sealed=sealed,
        trials=len(phases.trials.get_trials(deepcopy=False)),
        samples=parts.readings.count(),
        pool_hits=parts.studies.recall(parts.row.id, "pool_hits") or 0,
        failed=sum(parts.pool.failed_counts().values()),
        unreadable=parts.readings.unreadable_share((*parts.plan.task.dev, *parts.plan.task.sealed)),
    )


def leaders(parts: Parts) -> list[Scorecard]:
    """The best policies by utility of those judged on the leader's examples; of equals the leader comes first."""
    cards, leader = judged_alike(parts), parts.evaluate.leader()
    first = leader.policy if leader else None
    return sorted(cards, key=lambda card: (-card.utility(parts.plan.preference), card.policy != first))[:LEADERS]


def pass_over(parts: Parts, phases: Phases, winner: Policy) -> Above | None:
    """What has a higher utility than the winner on the same examples."""
    cards = judged_alike(parts)
    own = next((card for card in cards if card.policy == winner), None)
    by_sampler = bool(phases.chosen())
    return find_above(cards, own, parts.plan.preference, by_sampler=by_sampler) if own else None


def stand(parts: Parts, policy: Policy, sealed: Sequence[Example]) -> Standing:
    """Where a policy stands on dev, and on the sealed half where it was scored there."""
    dev = parts.evaluate.cards[policy]
    card = score(parts, policy, sealed)
    return Standing(
        policy=policy,
        dev=Estimate(dev.score, *dev.interval),
        sealed=Estimate(card.score, *card.interval) if card else None,
        cost_usd=float(dev.cost_usd.mean()),
        tokens=float(dev.tokens.mean()),
        latency_s=float(dev.latency_s.mean()),
        unreadable=float(dev.unreadable.mean()),
        utility=dev.utility(parts.plan.preference),
    )


def score(parts: Parts, policy: Policy, examples: Sequence[Example]) -> Scorecard | None:
    """The scorecard of a policy on examples that it was sampled for; None where there is none."""
    return parts.estimate.card(policy, examples)


def compare(parts: Parts, choices: dict[str, tuple[Policy, int]], sealed: Sequence[Example]) -> tuple[Contender, ...]:
    """Every procedure's choice on the same sealed examples, and the paired difference of joint and the others.

    Compared by utility under the study's preference; with the plain preference that is the score. A policy does not
    differ from itself: where joint's choice is another procedure's too, nothing is left to be estimated.
    """
    cards = {name: score(parts, policy, sealed) for name, (policy, _) in choices.items()}
    joint = cards.get(Procedure.JOINT)
    if joint is None or len(choices) == 1:
        return ()
    preference, contenders = parts.plan.preference, []
    for name, (policy, calls) in choices.items():
        card = cards[name]
        if card is None:
            continue
        gap = None
        if name != Procedure.JOINT:
            gap = paired_difference(joint.utilities(preference), card.utilities(preference), reach=preference.reach)
            if policy == joint.policy:
                gap = Difference(0.0, 0.0, 0.0, 1.0, len(sealed))
        on_sealed = Estimate(card.score, *card.interval)
        dev = parts.evaluate.cards[policy].score
        contenders.append(Contender(Procedure(name), policy, calls, dev, on_sealed, gap))
    return tuple(contenders)


def why_not_compared(phases: Phases, extent: Extent | None) -> str:
    """What a comparison of joint with separate tuning lacks."""
    sealed = phases.recall("sealed")
    if sealed is None:
        return UNENDED
    if extent is None:
        return UNFILLED
    return f"no sealed example was scored under every choice: {sealed['why']}"


def see_table(parts: Parts, phases: Phases, extent: Extent | None, winner: Policy) -> Seen | None:
    """The balanced table as far as it is filled; None where it is not."""
    if extent is None:
        return None
    sources = phases.table_sources()
    return Seen(parts, extent, sources, winner, fill_table(parts, sources, extent))


def measure_interaction(parts: Parts, phases: Phases, seen: Seen | None) -> tuple[Interaction | None, str]:
    """The variance shares of the balanced table, and what that table covers; or None, and why.

    Where the table was not filled, the balanced part of what the search left behind is taken, and labelled.
    """
    try:
        if seen is None:
            if not phases.recall("search"):
                return None, UNENDED
            found = variance_shares(gather(parts, phases.around()))
            return found, "; ".join(filter(None, (PARTLY, found.left_out)))
        wider = widen(parts, seen.table, phases.around())
        found = variance_shares(wider)
    except NothingToReport as reason:
        return None, reason.message
    cells = " x ".join(f"{len(levels)} {name}" for name, levels in zip(wider.factors, wider.levels, strict=True))
    drawn = f"{seen.extent.examples} examples x {seen.extent.samples} samples of every prompt and model"
    return found, f"{drawn} at T={phases.around().temperature:g}; {cells} cells"


def draw_curves(parts: Parts, phases: Phases, extent: Extent | None, winner: Policy) -> tuple[Curve, ...]:
    """Every prompt over n on the balanced table, for each model and the winner's strategy (or the first that votes)."""
    if extent is None:
        return ()
    several = [way for way in parts.plan.space.ways() if way.strategy != "single"]
    if not several:
        return ()
    winners = (way for way in several if (way.strategy, way.options) == (winner.strategy, winner.options))
    way = next(winners, several[0])
    ns = tuple(n for n in parts.plan.space.ns if n <= extent.samples)
    dev = parts.plan.task.dev[: extent.examples]
    curves = []
    for source in phases.table_sources():
        table = np.array([score_cell(parts, source, way, n, dev) for n in ns])
        curves.append(Curve(source.prompt, source.model, way.label, ns, table))
    return tuple(curves)


def weigh(phases: Phases) -> Importance:
    """Optuna's own importance of the trial parameters."""
    shares = importances(phases.trials)
    return Importance(IMPORTANCE, shares, "" if shares else "too few different trials to tell")
