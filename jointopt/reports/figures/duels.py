"""Do many cheap samples replace a strong one? A forest plot of cheap x N against strong x 1 at equal cost."""

from jointopt.analysis import Absent, Duel, Findings, Tiers, percent, points
from jointopt.analysis.words import cost
from jointopt.reports.figures.panel import Panel, policy_label
from jointopt.reports.figures.theme import INK, axis, blank, draw_gap, listed

KEY, QUESTION = "duels", "Do many cheap samples replace a strong one?"
HEADERS = (
    "Many cheap samples",
    "One strong sample",
    "Cost of the cheap",
    "Cost of the strong",
    "Cheap ahead by",
    "95%",
    "p",
)


def duels(findings: Findings) -> Panel:
    """Cheap minus strong in points for every pair of models, with its 95% interval."""
    found = findings.insight.tiers
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    if not found.duels:
        why = "Nothing to compare: no two models can be set against each other at equal cost."
        return Panel(KEY, QUESTION, why, None, (), (), _remark(found))
    figure = blank(
        110 + 46 * len(found.duels),
        xaxis=axis("many cheap samples are ahead by, points"),
        yaxis=listed([_name(duel) for duel in found.duels]),
        showlegend=False,
    )
    for place, (duel, sure) in enumerate(zip(found.duels, found.decided, strict=True)):
        gap = duel.difference
        draw_gap(figure, (gap.mean, gap.low, gap.high), place, _hover(duel), sure=sure)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    rows = tuple(_row(found, duel) for duel in found.duels)
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, _remark(found))


def _name(duel: Duel) -> str:
    return f"{duel.cheap.source.model} x {duel.cheap.n} against {duel.strong.source.model}"


def _hover(duel: Duel) -> str:
    found = duel.difference
    return (
        f"{policy_label(duel.cheap)}<br>against {policy_label(duel.strong)}<br>"
        f"{points(found.mean)} points ({points(found.low)} to {points(found.high)})"
    )


def _answer(found: Tiers) -> str:
    """Who wins at equal cost, in one sentence."""
    known = [duel for duel, sure in zip(found.duels, found.decided, strict=True) if sure]
    won = [duel for duel in known if duel.difference.mean > 0]
    lost = [duel for duel in known if duel.difference.mean <= 0]
    if len(found.duels) == 1:
        duel = found.duels[0]
        outcome = "beats" if won else "loses to" if lost else "was not shown to differ from"
        gap = duel.difference
        ends = f"95% interval {points(gap.low)} to {points(gap.high)}"
        return (
            f"At equal cost {duel.cheap.source.model} with {duel.cheap.n} samples {outcome} one sample of "
            f"{duel.strong.source.model}: {points(gap.mean)} points ({ends})."
        )
    open_ = len(found.duels) - len(won) - len(lost)
    count = f"{len(won)} of {len(found.duels)}"
    return (
        f"At equal cost many cheap samples win {count} duels, lose {len(lost)}, and {open_} stay open, after "
        "correction for all of them."
    )


def _remark(found: Tiers) -> str:
    """How the duel is fought, and where votes of the cheap model would end."""
    said = (
        "Both sides are chosen on other examples than those that they meet on (cross-fitted), so neither is flattered. "
        "Blue squares: the cheap side is ahead, after correction for all duels (Holm). Vermillion diamonds: behind, "
        "likewise. Open grey circles: not shown. Intervals and p are not corrected."
    )
    fitted = found.saturation
    if isinstance(fitted, Absent):
        return f"{said} Where votes of the cheapest model end is not known: {fitted.reason}."
    end = fitted.ceiling
    ends = f"95% interval {percent(end.low)} to {percent(end.high)}"
    votes = f"Votes of {fitted.prompt} on {fitted.model}"
    return f"{said} {votes} are expected to end at {percent(end.mean)} ({ends}; {fitted.label})."


def _row(found: Tiers, duel: Duel) -> tuple[str, ...]:
    """The numbers of one duel."""
    said = [cost(amount, found.unit) for amount in (duel.cheap_cost, duel.strong_cost)]
    gap = duel.difference
    ends = f"{points(gap.low)} to {points(gap.high)}"
    return (str(duel.cheap), str(duel.strong), *said, points(gap.mean), ends, f"{gap.p:.3g}")
