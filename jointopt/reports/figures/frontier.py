"""What does a better answer cost? The best policy at every budget, and what else no policy beats."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

from jointopt.analysis import Findings, Frontier, Stop, percent, points
from jointopt.reports.figures.panel import NARROW, Panel, span
from jointopt.reports.figures.theme import BLUE, INK, axis, blank, label

KEY, QUESTION = "frontier", "What does a better answer cost?"
HEADERS = (
    "Best while an answer may cost",
    "Policy",
    "Dev (flattered)",
    "95% interval",
    "Gain on the one before",
    "95% of the gain",
    "Latency",
)
_ELSEWHERE = "quicker, not better"


def frontier(findings: Findings) -> Panel:
    """A staircase: the best score on dev over what an answer may cost, each step with its 95% interval."""
    found = findings.frontier
    if found is None:
        return Panel(KEY, QUESTION, "Nothing to show: no policy has been judged yet.")
    unit = "US dollars" if found.unit == "usd" else "tokens"
    figure = blank(
        380,
        xaxis=axis(f"{unit} of one answer", **_scale([found.cost(stop) for stop in found.front])),
        yaxis=axis("score on dev, %"),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    rest = [stop for stop in found.front if stop.policy not in {step.policy for step in found.steps}]
    if rest:
        _draw(figure, found, rest, "no other is better, cheaper and quicker", _DOTS)
    _draw(figure, found, found.steps, "the best at this cost", _STAIRS)
    figure.data[-1].error_y = {
        "array": [100 * (stop.high - stop.score) for stop in found.steps],
        "arrayminus": [100 * (stop.score - stop.low) for stop in found.steps],
        "color": BLUE,
        "thickness": 1.2,
        "width": 4,
    }
    remark = (
        f"All from one pool; {found.label}. A policy that was judged on fewer examples is left out. Grey: policies "
        "that only their latency keeps on the Pareto front of score, cost and latency."
    )
    rows = tuple(_rows(found))
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, remark)


_DOTS: dict[str, Any] = {"mode": "markers", "marker": {"color": INK, "size": 7, "symbol": "circle-open"}}
_STAIRS: dict[str, Any] = {
    "mode": "lines+markers",
    "line": {"color": BLUE, "width": 2.2, "shape": "hv"},
    "marker": {"size": 9},
}


def _draw(figure: go.Figure, found: Frontier, stops: Sequence[Stop], name: str, look: Mapping[str, Any]) -> None:
    """Policies as marks over what they cost."""
    figure.add_scatter(
        x=[found.cost(stop) for stop in stops],
        y=[100 * stop.score for stop in stops],
        name=name,
        text=[label(str(stop.policy), width=80) for stop in stops],
        customdata=[f"{price(found, stop)}, {stop.latency_s:.2g} s; {span(stop.low, stop.high)}" for stop in stops],
        hovertemplate="%{text}<br>%{y:.1f}% (%{customdata})<extra></extra>",
        **look,
    )


def _scale(costs: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis with its 1-2-5 steps written out; a linear one where something is free."""
    if min(costs) <= 0:
        return {"type": "linear"}
    decades = range(floor(log10(min(costs))), ceil(log10(max(costs))) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [f"{tick:,.3g}" if tick < 1 else f"{tick:,.0f}" for tick in ticks],
    }


def price(found: Frontier, stop: Stop) -> str:
    """What an answer of a policy costs, in words."""
    return f"${found.cost(stop):.3g}" if found.unit == "usd" else f"{found.cost(stop):,.0f} tokens"


def _answer(found: Frontier) -> str:
    """Who is the best where, in one sentence."""
    first, last = found.steps[0], found.steps[-1]
    if first is last:
        return f"One policy is the best on dev at every budget: {first.policy} ({percent(first.score)})."
    sure = sum(stop.gain is not None and stop.gain.low > 0 for stop in found.steps)
    steps = len(found.steps) - 1
    return (
        f"Below {price(found, found.steps[1])} an answer {first.policy} is the best on dev ({percent(first.score)}), "
        f"from {price(found, last)} on {last.policy} ({percent(last.score)}); "
        f"of {steps} step{'s' if steps > 1 else ''} between them, {sure} "
        f"{'has a 95% interval' if sure == 1 else 'have 95% intervals'} above zero."
    )


def _rows(found: Frontier) -> list[tuple[str, ...]]:
    """The steps with their budgets, then what only its latency keeps on the front."""
    rows: list[tuple[str, ...]] = []
    ends = [*(price(found, stop) for stop in found.steps[1:]), "any"]
    for stop, end in zip(found.steps, ends, strict=True):
        gain = stop.gain
        gained = (points(gain.mean), f"{points(gain.low)} to {points(gain.high)}") if gain else ("", "")
        rows.append((f"{price(found, stop)} {NARROW} {end}", *_means(stop), *gained, f"{stop.latency_s:.2g} s"))
    steps = {stop.policy for stop in found.steps}
    others = [stop for stop in found.front if stop.policy not in steps]
    rows += [(f"{price(found, one)} ({_ELSEWHERE})", *_means(one), "", "", f"{one.latency_s:.2g} s") for one in others]
    return rows


def _means(stop: Stop) -> tuple[str, str, str]:
    return str(stop.policy), percent(stop.score), span(stop.low, stop.high)
