"""Which choices matter, alone and together? The variance shares of the balanced table."""

from collections.abc import Sequence

import plotly.graph_objects as go

from jointopt.analysis import Findings, Interaction, Share, percent
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import BLUE, INK, SLATE, WHITE, blank, faint, label, listed, mixed

KEY, QUESTION = "interaction", "Which choices matter, alone and together?"
HEADERS = ("Effect", "Share of variance", "95% interval", "p (no effect)")
_PAIR, _NOTED, _HALF = 2, 4, 0.46  # factors in a cell; lines beside the triangle; half a tile, of a cell's width


def interaction(findings: Findings) -> Panel:
    """A heat map of factor by factor: main effects on the diagonal, pairs below it, what is left beside it."""
    found = findings.interaction
    if found is None:
        return Panel(KEY, QUESTION, f"Not measured: {findings.interaction_note}.")
    figure = blank(
        130 + 74 * len(found.factors),
        xaxis=listed(found.factors, range=[-0.5, len(found.factors) - 0.5]),
        yaxis=listed(found.factors),
        showlegend=False,
    )
    cells = [share for share in found.shares if len(share.effect) <= _PAIR]
    top = max((shown(share.share) for share in cells), default=0.0) or 1.0
    for share in cells:
        _tile(figure, found.factors, share, top, real=share.real and not found.doubtful)
    _beyond(figure, found)
    table = f"Table: {findings.interaction_note}." if findings.interaction_note else ""
    left_out = f"Left out: {found.left_out}." if found.left_out else ""
    remark = " ".join(filter(None, (table, left_out, found.note, _READ)))
    rows = [_row(share) for share in found.shares] + ([_row(found.rest)] if found.rest else [])
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, tuple(rows), remark)


_READ = (
    "A tile off the diagonal is what two choices do together beyond what each does alone; sampling noise is taken out."
    " The bluer, the more; an empty tile's 95% interval holds 0, so it may be noise."
)


def _tile(figure: go.Figure, factors: Sequence[str], share: Share, top: float, *, real: bool) -> None:
    """One cell: filled where it is more than noise. The mark in its middle is what the pointer finds."""
    places = sorted(factors.index(factor) for factor in share.effect)
    column, row = places[0], places[-1]
    # the tile keeps its own ground, so that white words read on any paper
    fill = mixed(SLATE, BLUE, shown(share.share) / top) if real else faint(INK, 0.08)
    figure.add_shape(
        type="rect",
        x0=column - _HALF,
        x1=column + _HALF,
        y0=row - _HALF,
        y1=row + _HALF,
        fillcolor=fill,
        line={"width": 0 if real else 1, "color": faint(INK, 0.5)},
        layer="below",
    )
    ends = span(shown(share.low), shown(share.high), digits=0)
    words = {"font": {"color": WHITE}} if real else {}
    text = f"<b>{percent(shown(share.share))}</b><br>{ends}"
    figure.add_annotation(x=column, y=row, text=text, showarrow=False, **words)
    figure.add_scatter(
        x=[column],
        y=[row],
        mode="markers",
        marker={"size": 46, "opacity": 0, "symbol": "square", "color": fill},
        hovertemplate=f"{_hover(share)}<extra></extra>",
    )


def _beyond(figure: go.Figure, found: Interaction) -> None:
    """What three choices and more do together, in words in the corner that the triangle leaves free."""
    more = sorted((share for share in found.shares if len(share.effect) > _PAIR), key=lambda share: -share.share)
    lines = [_said(share) for share in more[:_NOTED]]
    lines += [f"all the rest: {percent(shown(found.rest.share))}"] if found.rest else []
    if lines:
        figure.add_annotation(
            text="<br>".join(["<b>three together, on top</b>", *lines]),
            x=1,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="top",
            align="right",
            showarrow=False,
            font={"size": 12},
        )


def _said(share: Share) -> str:
    """An effect with its interval, or that it may be noise."""
    ends = span(shown(share.low), shown(share.high), digits=0)
    doubt = "" if share.real else ", may be noise"
    return f"{label(name(share), width=60)}: {percent(shown(share.share))} ({ends}{doubt})"


def shown(share: float) -> float:
    """A share as it is shown: an unbiased estimate may fall a little outside 0 to 1."""
    return min(1.0, max(0.0, share))


def name(share: Share) -> str:
    """The effect's name."""
    return " x ".join(share.effect) or "all the rest"


def _answer(found: Interaction) -> str:
    """The largest effect alone, where it is clear of the next one's, and how much falls to effects together."""
    first, rival = found.alone[0], found.rival
    size = f"{percent(shown(first.share))} of the variance"
    ends = f"95% interval {span(shown(first.low), shown(first.high))}"
    if found.doubtful:
        return f"Not shown: all may be noise; the largest share alone is that of {name(first)} ({size}; {ends})."
    opening = f"Alone, {name(first)} matters most ({size}; {ends})"
    if rival or not first.real:
        which = f"separated from {name(rival)}" if rival else "told from noise"
        opening = f"Alone, the largest share is that of {name(first)} ({size}; {ends}), not {which}"
    if all(len(share.effect) == 1 for share in found.shares):
        return f"{opening}."
    if not found.meetings:
        return f"{opening}; no choice is seen to depend on another."
    most = found.meetings[0]
    return f"{opening}; {name(most)} together make {percent(shown(most.share))} on top."


def _row(share: Share) -> tuple[str, ...]:
    """The numbers of one effect."""
    ends = span(shown(share.low), shown(share.high))
    return (name(share), percent(shown(share.share)), ends, f"{share.p_null:.3g}")


def _hover(share: Share) -> str:
    """What the pointer reads."""
    ends = span(shown(share.low), shown(share.high))
    return f"{label(name(share))}: {percent(shown(share.share))}<br>95% interval {ends}<br>p = {share.p_null:.3g}"
