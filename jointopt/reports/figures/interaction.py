"""Which choices matter, alone and together? The variance shares of the balanced table."""

from collections.abc import Sequence

import plotly.graph_objects as go

from jointopt.analysis import Findings, Interaction, Share, percent
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import BLUE, INK, SLATE, WHITE, blank, faint, label, listed, mixed

KEY, QUESTION = "interaction", "Which choices matter, alone and together?"
HEADERS = ("Effect", "Share of variance", "95% interval", "p (no effect)", "More than noise, corrected")
_PAIR, _NOTED, _HALF = 2, 4, 0.46  # factors in a cell; lines beside the triangle; half a tile, of a cell's width


def interaction(findings: Findings) -> Panel:
    """A heat map of factor by factor: main effects on the diagonal, pairs below it, what is left beside it."""
    found = findings.interaction
    if found is None:
        return Panel(KEY, QUESTION, f"Not measured: {findings.interaction_note}.")
    told = [f"Table: {findings.interaction_note}."] if findings.interaction_note else []
    told += (
        [f"{found.left_out[0].upper()}{found.left_out[1:]}."] if found.left_out not in findings.interaction_note else []
    )
    if found.doubtful:
        return Panel(KEY, QUESTION, _DOUBTFUL, remark=" ".join(filter(None, (*told, found.note))))
    figure = blank(
        130 + 74 * len(found.factors),
        xaxis=listed(found.factors, range=[-0.5, len(found.factors) - 0.5]),
        yaxis=listed(found.factors),
        showlegend=False,
    )
    cells = [share for share in found.shares if len(share.effect) <= _PAIR]
    top, standing = max((share.share for share in cells), default=1.0), found.standing
    for share in cells:
        _tile(figure, found.factors, share, top, sure=share in standing)
    _beyond(figure, found)
    remark = " ".join(filter(None, (*told, found.note, _READ)))
    rows = [(*_row(share), "yes" if share in standing else "not shown") for share in found.shares]
    rows += [(*_row(found.rest), "")] if found.rest else []
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, tuple(rows), remark)


_DOUBTFUL = "Not shown: all differences together may be sampling noise, so there is nothing to share out."
_READ = (
    "A tile off the diagonal is what two choices do together beyond what each does alone; sampling noise is taken out."
    " The bluer, the more; an empty tile may be noise: it does not stand after correction (Holm) for all choices alone,"
    " or for all that meet."
    " Intervals and p are not corrected. A share without bias may come out a little below 0."
)


def _tile(figure: go.Figure, factors: Sequence[str], share: Share, top: float, *, sure: bool) -> None:
    """One cell: filled where it is more than noise. The mark in its middle is what the pointer finds."""
    places = sorted(factors.index(factor) for factor in share.effect)
    column, row = places[0], places[-1]
    # the tile keeps its own ground, so that white words read on any paper
    fill = mixed(SLATE, BLUE, share.share / top) if sure else faint(INK, 0.08)
    figure.add_shape(
        type="rect",
        x0=column - _HALF,
        x1=column + _HALF,
        y0=row - _HALF,
        y1=row + _HALF,
        fillcolor=fill,
        line={"width": 0 if sure else 1, "color": faint(INK, 0.5)},
        layer="below",
    )
    ends = span(share.low, share.high, digits=0)
    words = {"font": {"color": WHITE}} if sure else {}
    text = f"<b>{percent(share.share)}</b><br>{ends}"
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
    lines = [_said(share, sure=share in found.standing) for share in more[:_NOTED]]
    lines += [f"all the rest: {percent(found.rest.share)}"] if found.rest else []
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


def _said(share: Share, *, sure: bool) -> str:
    """An effect with its interval, or that it may be noise."""
    ends = span(share.low, share.high, digits=0)
    doubt = "" if sure else ", may be noise"
    return f"{label(name(share), width=60)}: {percent(share.share)} ({ends}{doubt})"


def name(share: Share) -> str:
    """The effect's name."""
    return " x ".join(share.effect) or "all the rest"


def _answer(found: Interaction) -> str:
    """The largest effect alone, where it is clear of the next one's, and how much falls to effects together."""
    first, rival = found.alone[0], found.rival
    size = f"{percent(first.share)} of the variance"
    ends = f"95% interval {span(first.low, first.high)}"
    opening = f"Alone, {name(first)} matters most ({size}; {ends})"
    if rival or first not in found.standing:
        which = f"separated from {name(rival)}" if rival else "told from noise"
        opening = f"Alone, the largest share is that of {name(first)} ({size}; {ends}), not {which}"
    if all(len(share.effect) == 1 for share in found.shares):
        return f"{opening}."
    if not found.meetings:
        return f"{opening}; no choice is seen to depend on another."
    most = found.meetings[0]
    return f"{opening}; {name(most)} together make {percent(most.share)} on top."


def _row(share: Share) -> tuple[str, ...]:
    """The numbers of one effect."""
    ends = span(share.low, share.high)
    return (name(share), percent(share.share), ends, f"{share.p_null:.3g}")


def _hover(share: Share) -> str:
    """What the pointer reads."""
    ends = span(share.low, share.high)
    return f"{label(name(share))}: {percent(share.share)}<br>95% interval {ends}<br>p = {share.p_null:.3g}"
