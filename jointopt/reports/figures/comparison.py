"""Was joint search worth it? Joint against every other procedure, on the same sealed examples."""

from collections.abc import Mapping, Sequence

from jointopt.analysis import Contender, Difference, Findings, Procedure, judge_joint, percent, points
from jointopt.reports.figures.panel import Panel, policy_label, span
from jointopt.reports.figures.theme import INK, axis, blank, draw_gap, label

KEY, QUESTION = "comparison", "Was joint search worth it?"
HEADERS = (
    "Procedure",
    "Policy",
    "Calls",
    "Dev (flattered)",
    "Sealed",
    "95% interval",
    "Joint \N{MINUS SIGN} this",
    "95%",
    "p",
)


def comparison(findings: Findings) -> Panel:
    """A forest plot: joint minus each procedure in points, with its 95% interval."""
    rows = tuple(_row(entry) for entry in findings.comparison)
    rivals = [entry for entry in findings.comparison if entry.difference is not None]
    if not rivals:
        return Panel(KEY, QUESTION, judge_joint(findings), None, HEADERS, rows)
    figure = blank(
        110 + 46 * len(rivals),
        xaxis=axis("joint is ahead by, points"),
        yaxis=axis(range=[len(rivals) - 0.5, -0.5], showgrid=False),
        showlegend=False,
    )
    apart = findings.told_apart
    for entry in rivals:
        if gap := entry.difference:
            ends, sure = (gap.mean, gap.low, gap.high), apart[entry.procedure]
            draw_gap(figure, ends, label(entry.procedure), _hover(entry, gap), sure=sure)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    remark = (
        "Joint minus the other on the same sealed examples, with its 95% interval; all chose before the seal was "
        "opened, each from as many calls as joint search used, at most. "
        "Blue squares: joint is ahead, and stays so after correction for all comparisons (Holm). Vermillion diamonds: "
        "behind, likewise. Open grey circles: not shown, it may be luck. Intervals and p are not corrected."
    )
    return Panel(KEY, QUESTION, _answer(rivals, apart), figure, HEADERS, rows, remark)


def _hover(entry: Contender, found: Difference) -> str:
    return (
        f"{points(found.mean)} points ({points(found.low)} to {points(found.high)})<br>"
        f"p = {found.p:.3g}<br>{policy_label(entry.policy)}"
    )


def _answer(rivals: Sequence[Contender], apart: Mapping[Procedure, bool]) -> str:
    """Who is beaten, in one sentence."""
    known = [(entry.procedure, entry.difference.mean > 0) for entry in rivals if entry.difference]
    ahead = [name.value for name, better in known if apart[name] and better]
    behind = [name.value for name, better in known if apart[name] and not better]
    unsettled = [name.value for name, _ in known if not apart[name]]
    parts = (("is ahead of", ahead), ("is behind", behind), ("was not shown to differ from", unsettled))
    said = "; it ".join(f"{said} {_listed(names)}" for said, names in parts if names)
    corrected = f", after correction for {len(known)} comparisons" if len(known) > 1 and (ahead or behind) else ""
    return f"Joint search {said}{corrected}."


def _listed(names: list[str]) -> str:
    return " and ".join(f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}" for name in names)


def _row(entry: Contender) -> tuple[str, ...]:
    """The numbers of one procedure."""
    found = entry.difference
    own = (entry.procedure.value, str(entry.policy), f"{entry.calls:,}", percent(entry.dev_score))
    sealed = (percent(entry.sealed.mean), span(entry.sealed.low, entry.sealed.high))
    if found is None:
        return (*own, *sealed, "", "", "")
    return (*own, *sealed, points(found.mean), f"{points(found.low)} to {points(found.high)}", f"{found.p:.3g}")
