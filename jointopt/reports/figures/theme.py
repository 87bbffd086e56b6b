"""How every figure looks: one palette, transparent paper, ink that reads on light and dark. It knows no findings."""

import re
import textwrap
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

BLUE, VERMILLION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#C66FA0"  # Okabe and Ito (2008), pink a bit darker
VIOLET, CRIMSON = "#823CFA", "#D20A3C"  # in place of their yellow, orange and sky blue, which white paper swallows
PALETTE = (BLUE, VERMILLION, GREEN, PINK, VIOLET, CRIMSON)  # apart in every colour blindness, 3 : 1 on light and dark
DASHES = ("solid", "dot", "dash")  # a second round of the palette differs by its dashes
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
INK, GRID = "#7a7a7a", "rgba(128,128,128,0.22)"  # 4.3 : 1 on white and on near-black alike
SLATE, WHITE = "#567489", "#ffffff"  # a tile that says little, and words on any tile
BELOW = {"yref": "container", "y": 0, "yanchor": "bottom", "x": 0}  # a legend, under everything else
CARD_PX, _BAR_PX = 450, 40  # height of a figure in Optuna Dashboard; width of its tool bar
_BAR = {"orientation": "v", "bgcolor": "rgba(0,0,0,0)"}  # the dashboard always shows it
_TICKS = 9  # more do not fit side by side
_TITLE, _TITLE_LINES, _TALL = (
    78,
    4,
    1.4,
)  # characters of a line; lines; how much too high a figure must be for small print
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def blank(height: int, **layout: Any) -> go.Figure:
    """An empty figure of `height` pixels in the house's dress. `layout` is plotly's own, hence Any."""
    dress = {
        "template": {},  # plotly's default would add 6 kB to every figure
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 13, "color": INK},
        "margin": {"l": 8, "r": 16, "t": 24, "b": 8},
        "hoverlabel": {"font": {"family": _FONT, "size": 13}, "align": "left"},
        "hovermode": "closest",
    }
    return go.Figure(layout=dress | layout)


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis with its title, a quiet grid and room for its labels. `more` is plotly's own, hence Any."""
    quiet = {"gridcolor": GRID, "zeroline": False, "automargin": True, "ticks": "outside"}
    quiet |= {"ticklen": 6, "tickcolor": "rgba(0,0,0,0)", "tickfont": {"size": 12}}
    return quiet | {"title": {"text": title, "standoff": 10, "font": {"size": 12}}} | more


def stepped(amounts: Sequence[float]) -> dict[str, Any]:
    """What makes an axis logarithmic, with its 1-2-5 steps written out; a linear one where something is free."""
    if min(amounts) <= 0:
        return {"type": "linear"}
    decades = range(floor(log10(min(amounts))), ceil(log10(max(amounts))) + 1)
    every = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    seen = [tick for tick in every if min(amounts) / 2 <= tick <= 2 * max(amounts)]
    ticks = seen if len(seen) <= _TICKS else [10.0**decade for decade in decades]
    return {"type": "log", "tickvals": ticks, "ticktext": [_written(tick) for tick in ticks]}


def _written(amount: float) -> str:
    """An amount of one digit, without a power of ten: 0.00002, 50, 1,000."""
    return f"{amount:,.0f}" if amount >= 1 else f"{amount:.12f}".rstrip("0")


def colour(place: int) -> str:
    """The colour of the place-th series."""
    return PALETTE[place % len(PALETTE)]


def dash(place: int) -> str:
    """The dashes of the place-th series."""
    return DASHES[place // len(PALETTE) % len(DASHES)]


def symbol(place: int) -> str:
    """The mark of the place-th series: whoever sees no colour tells the series apart by it."""
    return SYMBOLS[place % len(SYMBOLS)]


def faint(hue: str, alpha: float) -> str:
    """The same colour, see-through."""
    red, green, blue = (int(hue[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def mixed(hue: str, other: str, share: float) -> str:
    """A colour between two, `share` (0 to 1) of the way to the other; not see-through."""
    pairs = [(int(hue[start : start + 2], 16), int(other[start : start + 2], 16)) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(one + share * (two - one)):02x}" for one, two in pairs)


def listed(names: Sequence[str], **more: Any) -> dict[str, Any]:
    """An axis of names, one below the other. They stand by position: names that are cut may be alike."""
    places: dict[str, Any] = {"tickvals": list(range(len(names))), "ticktext": [label(name) for name in names]}
    quiet: dict[str, Any] = {"showgrid": False, "range": [len(names) - 0.5, -0.5]}
    return axis(**quiet | places | more)


def draw_gap(figure: go.Figure, gap: tuple[float, float, float], y: Any, hover: str, *, sure: bool) -> None:
    """A line of a forest plot: a square ahead, a diamond behind, an open circle where it may be luck.

    Args:
        figure: which it is added to.
        gap: mean, low and high end of a difference, as shares of 1; drawn in points.
        y: the line.
        hover: what it says when it is pointed at.
        sure: whether it is more than luck.
    """
    mean, low, high = gap
    hue, mark = INK, "circle-open"
    if sure:
        hue, mark = (BLUE, "square") if mean > 0 else (VERMILLION, "diamond")
    figure.add_scatter(
        x=[100 * mean],
        y=[y],
        mode="markers",
        marker={"color": hue, "size": 11, "symbol": mark, "line": {"width": 2, "color": hue}},
        error_x={
            "array": [100 * (high - mean)],
            "arrayminus": [100 * (mean - low)],
            "color": hue,
            "thickness": 2,
            "width": 5,
        },
        hovertemplate=f"{hover}<extra></extra>",
    )


def showable(text: str) -> str:
    """The text with what cannot be shown (controls, half characters) replaced by a mark."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def label(text: str, *, width: int = 40) -> str:
    """Somebody's words as a plotly label: plotly reads tags, so that none may be left. Long ones are cut in the middle:
    names that begin alike often differ at their ends.
    """
    return escape(cut(text, width), quote=False)


def cut(text: str, width: int) -> str:
    """Somebody's words in one line, without their middle where they are longer than `width`; tags are left in."""
    flat, tail = " ".join(showable(text).split()), width // 3
    return flat if len(flat) <= width else f"{flat[: width - tail - 1]}\N{HORIZONTAL ELLIPSIS}{flat[-tail:]}"


def titled(figure: go.Figure, answer: str) -> go.Figure:
    """A copy with the answer as its title, for Optuna Dashboard, which shows figures alone: each as wide as half of the
    window and `CARD_PX` high, whatever the figure asks for.
    """
    lines = [escape(line, quote=False) for line in textwrap.wrap(cut(answer, _TITLE * _TITLE_LINES), _TITLE)]
    title = {"text": "<br>".join(lines), "x": 0, "xanchor": "left", "font": {"size": 13}}
    room = 20 + 18 * len(lines)
    wish = figure.layout.height + room
    height = min(CARD_PX, wish)
    copy = go.Figure(figure)
    # The tool bar, upright and clear, does not lie over the title; nor does a legend from below.
    copy.update_layout(
        title=title | {"yref": "container", "y": 1 - 12 / height, "yanchor": "top"},
        margin={"t": figure.layout.margin.t + room, "r": max(figure.layout.margin.r, _BAR_PX)},
        height=height,
        modebar=_BAR,
        legend=BELOW,
    )
    if wish > CARD_PX * _TALL:  # a name on every line, closer together
        copy.update_yaxes(tickfont={"size": 9})
        copy.update_annotations(font={"size": 9})
    return copy


def words(text: str) -> go.Figure:
    """A figure that only says why there is none."""
    figure = blank(160, xaxis={"visible": False}, yaxis={"visible": False}, modebar=_BAR)
    lines = "<br>".join(escape(line, quote=False) for line in textwrap.wrap(showable(text), 80))
    return figure.add_annotation(text=lines, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
