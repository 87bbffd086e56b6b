"""How does each prompt fare as n grows, and which change places? One small picture per model and strategy."""

from collections.abc import Collection, Mapping, Sequence
from math import exp, isfinite, log

import plotly.graph_objects as go

from jointopt.analysis import Crossing, Curve, Findings, doubt, percent
from jointopt.analysis.words import size
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.spotlight import spotlight
from jointopt.reports.figures.theme import BELOW, INK, axis, blank, colour, dash, faint, label, symbol

KEY, QUESTION = "curves", "How does each prompt fare as n grows?"
HEADERS = ("Model", "Strategy", "Prompt", "n", "Score", "95% interval")
MOST_PICTURES = 12  # small ones; more are looked at by nobody
_COLUMNS, _ROW_PX, _BETWEEN_PX, _GAP, _RINGS = 2, 300, 84, 0.09, 3


def curves(findings: Findings) -> Panel:
    """Score over n, a line and a 95% band per prompt; rings mark where two prompts change places, after correction."""
    scored = [curve for curve in findings.curves if all(map(isfinite, curve.scores))]
    groups: dict[tuple[str, str], list[Curve]] = {}
    for curve in scored:
        if len(curve.ns) > 1:
            groups.setdefault((curve.model, curve.strategy), []).append(curve)
    if not groups:
        what = "no prompt was scored at more than one n" if scored or not findings.curves else "no score is a number"
        return Panel(KEY, QUESTION, f"Nothing to show: {what}.")
    drawn, prompts = _drawn(findings, groups), _named(findings, groups)
    lines = -(-len(drawn) // _COLUMNS)
    figure = blank(_ROW_PX * lines + 120, legend={"orientation": "h"} | BELOW)
    for place, key in enumerate(drawn):
        group = groups[key]
        _frame(figure, place, len(drawn), key, group[0].ns)
        _grey(figure, [curve for curve in group if curve.prompt not in prompts], place)
        for curve in group:
            if curve.prompt in prompts:
                _draw(figure, curve, prompts.index(curve.prompt), place)
        _mark(figure, place, group, [swap for swap in findings.proven if (swap.model, swap.strategy) == key])
    rows = tuple(row for group in groups.values() for curve in group for row in _rows(curve))
    remark = _READ + _left_out(len(groups) - len(drawn), len(findings.curves) - len(scored))
    return Panel(KEY, QUESTION, _answer(findings), figure, HEADERS, rows, remark)


def _drawn(findings: Findings, groups: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pictures that are drawn: all where they are few, else the winner's first, in the order of the study."""
    policy = findings.winner.policy
    first = sorted(groups, key=lambda key: (key[0] != policy.source.model, key[1] != policy.tactic.label))
    return [key for key in groups if key in first[:MOST_PICTURES]]


def _left_out(pictures: int, prompts: int) -> str:
    """What is not drawn, in words."""
    said = f" {pictures} more pictures are left out; their numbers stand in the table." if pictures else ""
    lost = f" {prompts} prompt{' has' if prompts == 1 else 's have'} no score." if prompts else ""
    return said + lost


_READ = (
    "Bands are 95% intervals over examples; prompts share their examples, so two bands may overlap and the order still "
    f"be sure. Among many prompts those that lead or swap have a colour. Rings: the surest swaps of a picture, {_RINGS}"
    " at most, each of which stands after correction for all pairs. Click a name to hide it."
)


def _named(findings: Findings, groups: Mapping[tuple[str, str], Sequence[Curve]]) -> list[str]:
    """The prompts that get a colour: the winner's, those that swap or lead somewhere, then the best in the end."""
    swaps = [name for swap in findings.swaps for name in (swap.early, swap.late)]
    ends = [max(group, key=lambda curve: curve.scores[end]).prompt for group in groups.values() for end in (-1, 0)]
    by_end = sorted((curve for group in groups.values() for curve in group), key=lambda curve: -curve.scores[-1])
    names = list(dict.fromkeys(curve.prompt for group in groups.values() for curve in group))
    first = [findings.winner.policy.source.prompt, *swaps[: 2 * _RINGS], *ends]
    return spotlight(names, [*first, *(curve.prompt for curve in by_end)])


def _grey(figure: go.Figure, others: Sequence[Curve], place: int) -> None:
    """Prompts that get no colour, as one series of thin lines with gaps between them."""
    if not others:
        return
    ending = _ending(place)
    across: list[int | None] = []
    upward: list[float | None] = []
    told: list[str] = []
    for curve in others:
        across += [*curve.ns, None]
        upward += [*(100 * score for score in curve.scores), None]
        told += [label(curve.prompt)] * (len(curve.ns) + 1)
    figure.add_scatter(
        x=across,
        y=upward,
        text=told,
        name=f"{len(others)} others",
        mode="lines",
        line={"color": faint(INK, 0.55), "width": 1},
        legendgroup="others",
        legendrank=2000,
        showlegend=place == 0,
        hovertemplate="%{text}, n = %{x}<br>%{y:.1f}%<extra></extra>",
        xaxis=f"x{ending}",
        yaxis=f"y{ending}",
    )


def _frame(figure: go.Figure, place: int, count: int, key: tuple[str, str], ns: Sequence[int]) -> None:
    """Axes and title of one small picture."""
    columns = min(count, _COLUMNS)
    lines, row, column = -(-count // columns), place // columns, place % columns
    below = _BETWEEN_PX / (_ROW_PX * lines)  # as a share of the whole height: as many pixels for any number of rows
    width, height = (1 + _GAP) / columns - _GAP, (1 + below) / lines - below
    left, top = column * (width + _GAP), 1 - row * (height + below)
    ending = _ending(place)
    across = axis("n, samples per answer", type="log", tickvals=list(ns), ticktext=[str(n) for n in ns])
    upward = axis("score, %" if column == 0 else "", matches="y" if place else None)
    domains = (
        {"domain": [left, min(1.0, left + width)], "anchor": f"y{ending}"},
        {"domain": [max(0.0, top - height), top], "anchor": f"x{ending}"},
    )
    figure.update_layout({f"xaxis{ending}": across | domains[0], f"yaxis{ending}": upward | domains[1]})
    title = f"{label(key[1])} on {label(key[0])}"
    figure.add_annotation(
        text=f"<b>{title}</b>",
        x=left,
        y=top,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
    )


def _draw(figure: go.Figure, curve: Curve, hue: int, place: int) -> None:
    """A prompt's band and line."""
    ending, ns, name = _ending(place), list(curve.ns), label(curve.prompt)
    shared = {"xaxis": f"x{ending}", "yaxis": f"y{ending}", "legendgroup": str(hue)}
    figure.add_scatter(
        x=ns + ns[::-1],
        y=[100 * high for high in curve.highs] + [100 * low for low in curve.lows[::-1]],
        fill="toself",
        fillcolor=faint(colour(hue), 0.1),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        **shared,
    )
    figure.add_scatter(
        x=ns,
        y=[100 * score for score in curve.scores],
        customdata=[span(low, high) for low, high in zip(curve.lows, curve.highs, strict=True)],
        name=name,
        mode="lines+markers",
        line={"color": colour(hue), "width": 2.2, "dash": dash(hue)},
        marker={"size": 7, "symbol": symbol(hue)},
        showlegend=place == 0,
        hovertemplate=f"<b>{name}</b>, n = %{{x}}<br>%{{y:.1f}}% (%{{customdata}})<extra></extra>",
        **shared,
    )


def _mark(figure: go.Figure, place: int, group: Sequence[Curve], flips: Sequence[Crossing]) -> None:
    """Rings where the lines of proven swaps meet."""
    by_prompt = {curve.prompt: curve for curve in group}
    sure = [flip for flip in flips if _meet(by_prompt.get(flip.early), by_prompt.get(flip.late))][:_RINGS]
    spots = [_meeting(by_prompt[flip.early], by_prompt[flip.late]) for flip in sure]
    if not spots:
        return
    ending = _ending(place)
    figure.add_scatter(
        x=[n for n, _ in spots],
        y=[100 * score for _, score in spots],
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}},
        text=[
            f"{label(flip.early)} gives way to {label(flip.late)}<br>probability {flip.probability:.2f}"
            for flip in sure
        ],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        xaxis=f"x{ending}",
        yaxis=f"y{ending}",
    )


def _meet(early: Curve | None, late: Curve | None) -> bool:
    """Whether both lines are drawn, and cross: the flips rest on the table's examples, a curve may have more."""
    if early is None or late is None or early.ns != late.ns or early.scores[0] < late.scores[0]:
        return False
    return any(one < other for one, other in zip(early.scores, late.scores, strict=True))


def _meeting(early: Curve, late: Curve) -> tuple[float, float]:
    """Where two lines first meet: (n, score), on straight lines between the points of a logarithmic axis."""
    gaps = [one - other for one, other in zip(early.scores, late.scores, strict=True)]
    step = next(place for place in range(1, len(gaps)) if gaps[place] < 0)
    part = gaps[step - 1] / (gaps[step - 1] - gaps[step])
    start, end = early.ns[step - 1], early.ns[step]
    score = early.scores[step - 1] + part * (early.scores[step] - early.scores[step - 1])
    return exp(log(start) + part * (log(end) - log(start))), score


def _answer(findings: Findings) -> str:
    """The first of the proven swaps; else the surest, and that it is not shown; else that there is none."""
    swaps, proven = findings.swaps, findings.proven
    if len({curve.prompt for curve in findings.curves}) == 1:
        return "There is but one prompt, so nothing that could change places."
    levels = {score for curve in findings.curves for score in curve.scores}
    if len(levels) == 1:
        return f"Nothing tells the prompts apart: all score {percent(levels.pop())} at every n."
    if not swaps:
        return "No two prompts are seen to change places: the best at the smallest n may well be the best at all."
    flip = swaps[0]
    before = f"{flip.early} leads {flip.late} by {size(flip.lead_before)} points at n = {flip.from_n}"
    after = f"trails by {size(flip.lead_after)} at n = {flip.to_n}"
    told = f"with {flip.strategy} on {flip.model}, {before} and {after}"
    if not proven:
        return f"Not shown to change places; the surest swap: {told} ({doubt(findings)})."
    more = f"; {len(proven)} such swaps stand" if len(proven) > 1 else "; it stands"
    return f"W{told[1:]}{more} after correction for {findings.pairs} pairs."


def _rows(curve: Curve) -> list[tuple[str, ...]]:
    """The numbers of one curve."""
    points_ = zip(curve.ns, curve.scores, curve.lows, curve.highs, strict=True)
    return [
        (curve.model, curve.strategy, curve.prompt, str(n), percent(score), span(low, high))
        for n, score, low, high in points_
    ]


def _ending(place: int) -> str:
    """Plotly's number of an axis: the first has none."""
    return "" if place == 0 else str(place + 1)
