"""Insight in sentences: one or two for each part that was found, none for what was not. Plain text, no markup."""

from math import isfinite

from jointopt.analysis.ceiling import MEANS, Ceiling, Part
from jointopt.analysis.difficulty import Difficulty
from jointopt.analysis.estimate import Absent
from jointopt.analysis.insight import Insight
from jointopt.analysis.judging import Judging
from jointopt.analysis.power import Power
from jointopt.analysis.tiers import Duel, Lift, Tiers
from jointopt.analysis.words import apart, between, percent, points, size


def tell(insight: Insight) -> list[str]:
    """What was found beyond the winner, one sentence or two per line."""
    lines = [
        _missing(insight.ceiling),
        *_models(insight.tiers),
        _harder(insight.difficulty),
        *_judges(insight.judging),
        _open(insight.power),
    ]
    return [line for line in lines if line]


def _missing(found: Ceiling | Absent) -> str:
    """The largest part of what is missing, and what more samples may do about the unsolved."""
    if isinstance(found, Absent) or found.score.mean == 1:
        return ""
    largest = found.largest
    flattered = " (too little: chosen there, it is flattered)" if found.score.mean else ""
    opening = (
        f"Of the {percent(1 - found.score.mean)} that the winner lacks on {found.examples} dev examples{flattered}, "
        f"the largest part, {largest.bound}{size(largest.sure)} points, is {largest.part}: {MEANS[Part(largest.part)]}."
    )
    unsolved = found.unsolved
    if unsolved is None:
        return opening
    again, count = unsolved.forecasts[-1], len(unsolved.examples)
    return (
        f"{opening} No sample solved {count} of them; {again.more:,} more of each would solve {again.solved.mean:.1f} "
        f"(95% interval {again.solved.low:.0f} to {again.solved.high:.0f}; a forecast)."
    )


def _models(found: Tiers | Absent) -> list[str]:
    """Which prompt the models disagree about, and what cheap samples are worth."""
    if isinstance(found, Absent):
        return []
    if found.opposed:
        lifts = [_lift("Models want different prompts", found.opposed[0], found.models)]
    elif found.uneven:
        lifts = [_lift("Prompts do not bring every model the same", found.uneven[0], found.models)]
    else:
        lifts = []
    return [*lifts, *map(_duel, found.duels, found.decided)]


def _lift(claim: str, lift: Lift, models: tuple[str, ...]) -> str:
    cheap, strong = points(lift.cheap.mean), points(lift.strong.mean)
    return (
        f"{claim}: over the default one {lift.family} brings {cheap} points on {models[0]} and {strong} on "
        f"{models[-1]} ({apart(lift.apart)} apart)."
    )


def _duel(duel: Duel, sure: bool) -> str:
    found, cheap, strong = duel.difference, duel.cheap.source.model, duel.strong.source.model
    outcome = "was not shown to differ from" if not sure else "beats" if found.mean > 0 else "loses to"
    return (
        f"At the price of one sample of {strong}, the best of {cheap} {outcome} it ({apart(found)}; chosen on other "
        "examples)."
    )


def _harder(found: Difficulty | Absent) -> str:
    """Whether the policy should depend on how hard a question is."""
    if isinstance(found, Absent):
        return ""
    worth = "pays" if found.gain.low > 0 else "costs" if found.gain.high < 0 else "was not shown to pay"
    return f"Choosing the policy by how hard a question is {worth}: {apart(found.gain)}, on other questions."


def _judges(found: tuple[Judging, ...] | Absent) -> list[str]:
    """How good the selector is on the winner's samples; an alarm wherever more samples please it only."""
    if isinstance(found, Absent):
        return []
    first = found[0]
    lines = [
        f"{first.strategy} rates a right sample of {first.source.prompt} on {first.source.model} above a wrong one in "
        f"{percent(first.accuracy.mean)} of cases ({between(first.accuracy)}; a coin 50%)."
    ]
    for one in found:
        if not isinstance(one.gamed, Absent) and one.gamed.alarm:
            gamed = one.gamed
            lines.append(
                f"Over-optimised: from n = {gamed.peak_n} to {gamed.last_n} {one.strategy} on {one.source.model} likes "
                f"its picks better, and they score {size(gamed.fall.mean)} points less (probability "
                f"{gamed.probability:.2f})."
            )
    return lines


def _open(found: Power | Absent) -> str:
    """What would settle the closest open comparison."""
    if isinstance(found, Absent):
        return ""
    need = found.needs[0]
    many = f"{need.examples:,} examples" if need.examples else "more than a million examples"
    now = f"{size(found.least)} or more" if isfinite(found.least) else "none that is possible"
    return (
        f"Still open: {found.question} ({apart(found.difference, found.points)}). A difference of "
        f"{size(abs(need.difference))} {found.points} would take {many} to settle; today's {found.examples} settle "
        f"{now} ({found.label})."
    )
