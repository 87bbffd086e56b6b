"""Where did the budget go? What every phase spent over time, or over the requests where the time is not known."""

from collections.abc import Callable, Sequence
from itertools import accumulate

import plotly.graph_objects as go

from jointopt.analysis import Absent, Findings, Outlay, percent
from jointopt.analysis.words import dollars
from jointopt.domain import Budget, Spend
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.theme import INK, axis, blank, colour, dash, faint, label

KEY, QUESTION = "spending", "Where did the budget go?"
HEADERS = ("Phase", "Requests", "Completions", "Tokens", "US dollars", "Share of what was spent")
_NEAR = 2.0  # a limit that is further away than this many times what was spent would flatten the picture

Measure = tuple[str, Callable[[Spend], float], float | None]  # what an axis counts, how to read it, its limit
Course = tuple[str, list[float]]  # what is counted across, and how far each outlay had come
_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))


def spending(findings: Findings) -> Panel:
    """Stacked areas of the phases, and the limit where it is near."""
    found = findings.insight.spending
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not worked out: {found.reason}.")
    measure = _measure(found, findings.budget)
    phases = list(dict.fromkeys(one.phase for one in found))
    rows = tuple(_row(phase, found, measure) for phase in phases)
    answer = _answer(phases, found, measure)
    if sum(one.requests for one in found) == 1:
        return Panel(KEY, QUESTION, f"{answer} One request makes no course.", None, HEADERS, rows)
    course = _course(found)
    figure = blank(
        340,
        xaxis=axis(course[0], rangemode="tozero"),
        yaxis=axis(measure[0], rangemode="tozero"),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    for place, phase in enumerate(phases):
        _draw(figure, found, phase, place, measure, course)
    spent, remark = sum(measure[1](one.spend) for one in found), "" if course[0] == REQUESTS else _CLOCK
    if measure[2] is not None and measure[2] <= _NEAR * spent:
        figure.add_hline(y=measure[2], line={"color": INK, "dash": "dot", "width": 1.5})
        remark = f"Dotted: the limit. {remark}".strip()
    return Panel(KEY, QUESTION, answer, figure, HEADERS, rows, remark)


REQUESTS = "requests, in the order in which they were made"
_CLOCK = "A request counts from when its price was reserved; where the study was stopped, the line is level."


def _course(found: Sequence[Outlay]) -> Course:
    """The time, in the largest unit of which there are two; where it is not known of every outlay, the requests."""
    known = [one.seconds for one in found if one.seconds is not None]
    if len(known) < len(found) or not max(known):
        return REQUESTS, list(accumulate(float(one.requests) for one in found))
    name, unit = next((one for one in _UNITS if max(known) >= 2 * one[1]), _UNITS[-1])
    return f"{name} since the first request", [seconds / unit for seconds in accumulate(known, max)]


def _measure(found: Sequence[Outlay], budget: Budget) -> Measure:
    """The unit whose limit is the nearest; without a limit money where something has a price, else tokens."""
    total = sum((one.spend for one in found), Spend())
    every: list[Measure] = [
        ("US dollars", lambda spend: spend.usd, budget.usd),
        ("tokens", lambda spend: float(spend.tokens), budget.tokens),
        ("completions", lambda spend: float(spend.calls), budget.calls),
    ]
    limited = [one for one in every if one[2] and one[1](total)]
    if limited:
        return max(limited, key=lambda one: one[1](total) / (one[2] or 1.0))
    return every[0] if total.usd else every[1]


def _draw(figure: go.Figure, found: Sequence[Outlay], phase: str, place: int, measure: Measure, course: Course) -> None:
    """The area of one phase: what it had spent by then."""
    read, unit = measure[1], course[0].split()[0].rstrip(",")
    figure.add_scatter(
        x=[0.0, *course[1]],
        y=[0, *accumulate(read(one.spend) if one.phase == phase else 0.0 for one in found)],
        mode="lines",
        stackgroup="spent",
        name=label(phase),
        line={"color": colour(place), "width": 2, "dash": dash(place)},
        fillcolor=faint(colour(place), 0.3),
        hovertemplate=f"{label(phase)}: %{{y:,.4~g}} {measure[0]} after %{{x:,.4~g}} {unit}<extra></extra>",
    )


def _answer(phases: Sequence[str], found: Sequence[Outlay], measure: Measure) -> str:
    """How much was spent, of what, and by whom."""
    name, read, limit = measure
    spent = sum(read(one.spend) for one in found)
    part = f", {percent(spent / limit)} of the limit" if limit else ""
    shares = ", ".join(f"{phase} {percent(_share(phase, found, measure))}" for phase in phases)
    amount = dollars(spent, 4) if name == "US dollars" else f"{spent:,.0f} {name}"
    return f"The study spent {amount}{part}: {shares}."


def _share(phase: str, found: Sequence[Outlay], measure: Measure) -> float:
    whole = sum(measure[1](one.spend) for one in found)
    return sum(measure[1](one.spend) for one in found if one.phase == phase) / whole if whole else 0.0


def _row(phase: str, found: Sequence[Outlay], measure: Measure) -> tuple[str, ...]:
    """The sums of one phase."""
    mine = [one for one in found if one.phase == phase]
    total = sum((one.spend for one in mine), Spend())
    counts = (f"{sum(one.requests for one in mine):,}", f"{total.calls:,}", f"{total.tokens:,}")
    return (phase, *counts, dollars(total.usd, 4), percent(_share(phase, found, measure)))
