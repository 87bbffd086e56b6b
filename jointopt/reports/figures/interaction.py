"""Which choices matter, alone and together? The variance shares of the balanced table."""

from typing import Any

import plotly.graph_objects as go

from jointopt.analysis import Findings, Interaction, Share, percent
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import BLUE, axis, blank, faint, label

KEY, QUESTION = "interaction", "Which choices matter, alone and together?"
HEADERS = ("Effect", "Share of variance", "95% interval", "p (no effect)")


def interaction(findings: Findings) -> Panel:
    """A heat map of factor by factor: main effects on the diagonal, pairs beside it."""
    found = findings.interaction
    if found is None:
        return Panel(KEY, QUESTION, f"Not measured: {findings.interaction_note}.")
    names = [label(name) for name in found.factors]
    places: dict[str, Any] = {
        "tickvals": list(range(len(names))),
        "ticktext": names,
    }  # labels that are cut may be alike
    figure = blank(
        130 + 74 * len(names),
        xaxis=axis(showgrid=False, **places),
        yaxis=axis(showgrid=False, autorange="reversed", **places),
    )
    _draw(figure, found)
    remark = " ".join(
        filter(None, (f"Table: {findings.interaction_note}." * bool(findings.interaction_note), found.note, _READ))
    )
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, tuple(_row(share) for share in found.shares), remark)


_READ = (
    "A cell off the diagonal is what two choices do together beyond what each does alone; sampling noise is taken out,"
    " and a cell whose interval starts at 0 may be noise."
)


def _draw(figure: go.Figure, found: Interaction) -> None:
    """The lower triangle: the upper one would say the same again."""
    cells = [
        (row, column, share)
        for row, one in enumerate(found.factors)
        for column, other in enumerate(found.factors[: row + 1])
        if (share := found.of(*{one, other})) is not None
    ]
    heights: list[list[float | None]] = [[None] * len(found.factors) for _ in found.factors]
    hovers = [[""] * len(found.factors) for _ in found.factors]
    top = max(shown(share.share) for _, _, share in cells) or 1.0
    for row, column, share in cells:
        heights[row][column], hovers[row][column] = shown(share.share), _hover(share)
        ends = span(shown(share.low), shown(share.high), digits=0)
        dark = {"font": {"color": "#ffffff"}} if shown(share.share) > 0.6 * top else {}
        text = f"<b>{percent(shown(share.share))}</b><br>{ends}"
        figure.add_annotation(x=column, y=row, text=text, showarrow=False, **dark)
    figure.add_heatmap(
        z=heights,
        zmin=0,
        zmax=top,
        colorscale=[[0, faint(BLUE, 0.05)], [1, faint(BLUE, 1)]],
        showscale=False,
        xgap=3,
        ygap=3,
        text=hovers,
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
    )


def shown(share: float) -> float:
    """A share as it is shown: an unbiased estimate may fall a little outside 0 to 1."""
    return min(1.0, max(0.0, share))


def name(share: Share) -> str:
    """The effect's name."""
    return " x ".join(share.effect)


def _answer(found: Interaction) -> str:
    """The largest effect alone, and how much falls to effects together."""
    alone = max((share for share in found.shares if len(share.effect) == 1), key=lambda share: share.share)
    together = [share for share in found.shares if len(share.effect) > 1]
    opening = f"Alone, {name(alone)} matters most ({percent(shown(alone.share))} of the variance)"
    if not together:
        return f"{opening}."
    real = [share for share in together if share.real]
    if not real:
        return f"{opening}; no choice is seen to depend on another."
    most = max(real, key=lambda share: share.share)
    return f"{opening}; {name(most)} together make {percent(shown(most.share))} on top."


def _row(share: Share) -> tuple[str, ...]:
    """The numbers of one effect."""
    ends = span(shown(share.low), shown(share.high))
    return (name(share), percent(shown(share.share)), ends, f"{share.p_null:.3g}")


def _hover(share: Share) -> str:
    """What the pointer reads."""
    ends = span(shown(share.low), shown(share.high))
    return f"{label(name(share))}: {percent(shown(share.share))}<br>95% interval {ends}<br>p = {share.p_null:.3g}"
