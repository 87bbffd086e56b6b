"""What does a better answer cost? The best policy at every budget, and where the best one changes."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import plotly.graph_objects as go

from jointopt.analysis import LIKELY, Absent, Budgets, Crossover, Findings, Frontier, Stop, percent, points
from jointopt.analysis.words import cost
from jointopt.reports.figures.panel import NARROW, Panel, policy_label, span
from jointopt.reports.figures.theme import BLUE, INK, VERMILLION, axis, blank, faint, stepped

KEY, QUESTION = "frontier", "What does a better answer cost?"
HEADERS = (
    "Best while an answer may cost",
    "Policy",
    "Dev (flattered)",
    "95% interval",
    "Cross-fitted",
    "Gain on the one before",
    "95% of the gain",
    "Takes over at (95%)",
    "Latency",
)
_ARROW, _BEYOND = "triangle-right", 1.2  # of an interval without end: its mark, and how far beyond the dearest policy
_ELSEWHERE = "quicker, not better"


def frontier(findings: Findings) -> Panel:
    """A staircase: the best score on dev over what an answer may cost, with its band and where the best changes."""
    found, budgets = findings.frontier, findings.insight.budgets
    if found is None:
        return Panel(KEY, QUESTION, "Nothing to show: no policy has been judged yet.")
    if not any(map(found.cost, found.front)):
        best = found.steps[-1]
        free = f"Nothing to weigh: no answer costs anything; {best.policy} is the best on dev ({percent(best.score)})."
        return Panel(KEY, QUESTION, free, None, HEADERS, tuple(_rows(found, budgets)))
    unit = "US dollars" if found.unit == "usd" else "tokens"
    figure = blank(
        400,
        xaxis=axis(f"{unit} of one answer", **stepped([found.cost(stop) for stop in found.front])),
        yaxis=axis("score on dev, %"),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    rest = [stop for stop in found.front if stop.policy not in {step.policy for step in found.steps}]
    if rest:
        _draw(figure, found, rest, "no other is better, cheaper and quicker", _DOTS)
    _band(figure, found)
    _draw(figure, found, found.steps, "the best at this cost", _STAIRS)
    missing = ""
    if isinstance(budgets, Absent):
        missing = f" Where the best changes was not measured: {budgets.reason}."
    else:
        _honest(figure, budgets)
        _cross(figure, found, budgets)
    remark = f"All from one pool; {found.label}. {_READ}{missing}"
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, tuple(_rows(found, budgets)), remark)


_READ = (
    "A policy that was judged on fewer examples is left out. The band is the 95% interval. Vermillion diamonds: the "
    "same budgets with choice and score on different examples (cross-fitted), so not flattered. Bars beneath the "
    f"stairs: the 95% interval of the cost at which the best changes; open marks: a change below {LIKELY:g}; "
    "an arrow: the interval has no end, the best may change at a higher cost or never. "
    "Open grey circles: policies that only their latency keeps on the Pareto front of score, cost and latency."
)
_DOTS: dict[str, Any] = {"mode": "markers", "marker": {"color": INK, "size": 8, "symbol": "circle-open"}}
_STAIRS: dict[str, Any] = {
    "mode": "lines+markers",
    "line": {"color": BLUE, "width": 2.4, "shape": "hv"},
    "marker": {"size": 9},
}


def _draw(figure: go.Figure, found: Frontier, stops: Sequence[Stop], name: str, look: Mapping[str, Any]) -> None:
    """Policies as marks over what they cost."""
    figure.add_scatter(
        x=[found.cost(stop) for stop in stops],
        y=[100 * stop.score for stop in stops],
        name=name,
        text=[policy_label(stop.policy) for stop in stops],
        customdata=[f"{price(found, stop)}, {stop.latency_s:.2g} s; {span(stop.low, stop.high)}" for stop in stops],
        hovertemplate="%{text}<br>%{y:.1f}% (%{customdata})<extra></extra>",
        **look,
    )


def _band(figure: go.Figure, found: Frontier) -> None:
    """The interval of every step, as wide as the step."""
    steps = found.steps
    corners = [(found.cost(stop), stop.low, stop.high) for stop in steps]
    corners = [pair for here, after in zip(corners, [*corners[1:], None], strict=True) for pair in _tread(here, after)]
    figure.add_scatter(
        x=[cost for cost, _, _ in corners] + [cost for cost, _, _ in corners[::-1]],
        y=[100 * high for _, _, high in corners] + [100 * low for _, low, _ in corners[::-1]],
        fill="toself",
        fillcolor=faint(BLUE, 0.13),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _tread(
    here: tuple[float, float, float], after: tuple[float, float, float] | None
) -> list[tuple[float, float, float]]:
    """The two ends of one step; the last one has no end."""
    return [here] if after is None else [here, (after[0], here[1], here[2])]


def _honest(figure: go.Figure, budgets: Budgets) -> None:
    """What the best at each budget scores on examples that did not choose it."""
    rungs = budgets.rungs
    figure.add_scatter(
        x=_middles([rung.budget for rung in rungs]),
        y=[100 * rung.honest.mean for rung in rungs],
        mode="markers",
        name="cross-fitted, not flattered",
        marker={"color": VERMILLION, "size": 9, "symbol": "diamond"},
        error_y={
            "array": [100 * (rung.honest.high - rung.honest.mean) for rung in rungs],
            "arrayminus": [100 * (rung.honest.mean - rung.honest.low) for rung in rungs],
            "color": VERMILLION,
            "thickness": 1.2,
            "width": 4,
        },
        text=[
            f"{span(rung.honest.low, rung.honest.high)}; chosen with probability {rung.chance:.2f}" for rung in rungs
        ],
        hovertemplate="cross-fitted: %{y:.1f}% (%{text})<extra></extra>",
    )


def _middles(costs: Sequence[float]) -> list[float]:
    """The middle of every tread, as the axis is scaled; the last tread has no end."""
    after = [*costs[1:], costs[-1]]
    free = min(costs) <= 0
    return [(low + high) / 2 if free else (low * high) ** 0.5 for low, high in zip(costs, after, strict=True)]


def _cross(figure: go.Figure, found: Frontier, budgets: Budgets) -> None:
    """Where the best policy changes, and how sure that place is: bars below the stairs, one beneath the other."""
    if not budgets.crossovers:
        return
    floor_ = 100 * min(stop.low for stop in found.steps)
    end = max(found.cost(stop) for stop in found.front)
    for place, change in enumerate(budgets.crossovers):
        sure = change.probability >= LIKELY
        low, open_ = change.budget.low, not isfinite(change.budget.high)
        high = _BEYOND * end if open_ else change.budget.high  # further right than any policy: it does not end there
        figure.add_scatter(
            x=[low, change.budget.mean, max(high, change.budget.mean)],
            y=[floor_ - 3 * (place + 1)] * 3,
            mode="lines+markers",
            line={"color": INK, "width": 2},
            marker={
                "symbol": ["line-ns-open", "circle" if sure else "circle-open", _ARROW if open_ else "line-ns-open"],
                "size": [8, 9, 11 if open_ else 8],
                "color": INK,
                "line": {"width": 2, "color": INK},
            },
            name="the best changes (95%)",
            showlegend=place == 0,
            text=[_said(budgets, change)] * 3,
            hovertemplate="%{text}<extra></extra>",
        )


def _said(budgets: Budgets, change: Crossover) -> str:
    """A change, as the pointer reads it."""
    names = map(policy_label, (change.cheaper, change.dearer))
    return f"{'<br>gives way to '.join(names)}<br>at {_place(budgets, change)}; p = {change.probability:.2f}"


def _place(budgets: Budgets, change: Crossover) -> str:
    """The cost at which the best changes, with its interval."""
    mean, low = cost(change.budget.mean, budgets.unit), cost(change.budget.low, budgets.unit)
    if not isfinite(change.budget.high):
        return f"{mean} (from {low} on, or never)"
    return f"{mean} ({low} {NARROW} {cost(change.budget.high, budgets.unit)})"


def price(found: Frontier, stop: Stop) -> str:
    """What an answer of a policy costs, in words."""
    return cost(found.cost(stop), found.unit)


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


def _rows(found: Frontier, budgets: Budgets | Absent) -> list[tuple[str, ...]]:
    """The steps with their budgets, then what only its latency keeps on the front."""
    rows: list[tuple[str, ...]] = []
    ends = [*(price(found, stop) for stop in found.steps[1:]), "any"]
    for stop, end in zip(found.steps, ends, strict=True):
        gain = stop.gain
        gained = (points(gain.mean), f"{points(gain.low)} to {points(gain.high)}") if gain else ("", "")
        honest, change = _measured(budgets, stop)
        range_ = f"{price(found, stop)} {NARROW} {end}"
        rows.append((range_, *_means(stop), honest, *gained, change, f"{stop.latency_s:.2g} s"))
    steps = {stop.policy for stop in found.steps}
    others = [stop for stop in found.front if stop.policy not in steps]
    blanks = ("", "", "", "")
    rows += [(f"{price(found, one)} ({_ELSEWHERE})", *_means(one), *blanks, f"{one.latency_s:.2g} s") for one in others]
    return rows


def _measured(budgets: Budgets | Absent, stop: Stop) -> tuple[str, str]:
    """The cross-fitted score at a step's budget, and where the step takes over."""
    if isinstance(budgets, Absent):
        return "", ""
    rung = next((one for one in budgets.rungs if one.policy == stop.policy), None)
    change = next((one for one in budgets.crossovers if one.dearer == stop.policy), None)
    return percent(rung.honest.mean) if rung else "", _place(budgets, change) if change else ""


def _means(stop: Stop) -> tuple[str, str, str]:
    return str(stop.policy), percent(stop.score), span(stop.low, stop.high)
