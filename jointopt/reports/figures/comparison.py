"""Was joint search worth it? Joint against every other procedure, on the same sealed examples."""

import plotly.graph_objects as go

from jointopt.analysis import Contender, Difference, Findings, judge_joint, percent, points
from jointopt.reports.figures.panel import Panel, policy_label, span
from jointopt.reports.figures.theme import BLUE, INK, VERMILLION, axis, blank, label

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
    for entry in rivals:
        if entry.difference:
            _draw(figure, entry, entry.difference)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    remark = (
        "Joint minus the other on the same sealed examples, with its 95% interval; all chose before the seal was "
        "opened, each from as many calls as joint search used, at most. "
        "Blue squares: joint is ahead beyond doubt. Vermillion diamonds: behind. Open grey circles: the interval holds "
        "zero, so it may be luck."
    )
    return Panel(KEY, QUESTION, _answer(rivals), figure, HEADERS, rows, remark)


def _draw(figure: go.Figure, entry: Contender, found: Difference) -> None:
    """One line of the forest."""
    hue, mark = (INK, "circle-open") if not found.settled else (BLUE, "square")
    if found.high < 0:
        hue, mark = VERMILLION, "diamond"
    figure.add_scatter(
        x=[100 * found.mean],
        y=[label(entry.procedure)],
        mode="markers",
        marker={"color": hue, "size": 11, "symbol": mark, "line": {"width": 2, "color": hue}},
        error_x={
            "array": [100 * (found.high - found.mean)],
            "arrayminus": [100 * (found.mean - found.low)],
            "color": hue,
            "thickness": 2,
            "width": 5,
        },
        hovertemplate=f"{points(found.mean)} points ({points(found.low)} to {points(found.high)})<br>"
        f"p = {found.p:.3g}<br>{policy_label(entry.policy)}<extra></extra>",
    )


def _answer(rivals: list[Contender]) -> str:
    """Who is beaten, in one sentence."""
    ahead = [entry.procedure.value for entry in rivals if entry.difference and entry.difference.low > 0]
    behind = [entry.procedure.value for entry in rivals if entry.difference and entry.difference.high < 0]
    unsettled = [entry.procedure.value for entry in rivals if entry.difference and not entry.difference.settled]
    parts = (("is ahead of", ahead), ("is behind", behind), ("cannot be told from", unsettled))
    return f"Joint search {'; it '.join(f'{said} {_listed(names)}' for said, names in parts if names)}."


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
