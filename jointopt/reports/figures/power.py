"""What would settle the comparison that is open? Examples needed, by how large the difference really is."""

from math import isfinite

import plotly.graph_objects as go

from jointopt.analysis import Absent, Findings, Need, Power, points
from jointopt.analysis.power import HALVES, REDRAWN, UNKNOWN
from jointopt.analysis.words import size
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.theme import BLUE, GREEN, INK, axis, blank, listed, stepped

KEY, QUESTION = "power", "How many examples would settle it?"
HEADERS = ("If the true difference is", "Examples needed", "With unlimited samples", "Or samples of each example")


def power(findings: Findings) -> Panel:
    """Bars of examples needed, a line where the study is now."""
    found = findings.insight.power
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not worked out: {found.reason}.")
    rows = tuple(_row(found, need) for need in found.needs)
    drawn = sorted((need for need in found.needs if need.examples is not None), key=lambda need: -abs(need.difference))
    if not drawn:
        return Panel(KEY, QUESTION, _answer(found), None, HEADERS, rows, _remark(found))
    figure = blank(
        120 + 48 * len(drawn),
        xaxis=axis("examples", **stepped([found.examples, *(need.examples or 1 for need in drawn)])),
        yaxis=listed([_said(found, need) for need in drawn]),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    series = (
        ("with as many samples as now", "circle", BLUE, [need.examples for need in drawn]),
        ("with unlimited samples", "diamond", GREEN, [need.deep_examples for need in drawn]),
    )
    for name, mark, hue, counts in series:
        figure.add_scatter(
            x=counts,
            y=list(range(len(drawn))),
            mode="markers",
            name=name,
            marker={"color": hue, "size": 11, "symbol": mark},
            hovertemplate=f"%{{x:,}} examples {name}<extra></extra>",
        )
    _now(figure, found)
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, _remark(found))


def _now(figure: go.Figure, found: Power) -> None:
    """Where the study is."""
    figure.add_vline(x=found.examples, line={"color": INK, "width": 1.5, "dash": "dot"})


def _said(found: Power, need: Need) -> str:
    return f"{points(need.difference)} {found.points}"


def _answer(found: Power) -> str:
    """What today's difference would take, and what could be seen now."""
    now = f"the {found.examples} examples would settle no difference that is possible"
    if isfinite(found.least):
        now = f"the {found.examples} examples would settle a difference of {size(found.least)} {found.points} or more"
    apart = abs(found.difference.mean)
    need = next((one for one in found.needs if abs(one.difference - apart) < 1e-9), None)  # noqa: PLR2004
    if need is None or not apart:
        return f"The two are level, and {now}."
    if need.examples is None:
        return f"No number of examples that anybody has would settle {_said(found, need)}; {now}."
    return f"About {need.examples:,} examples would settle a difference of {_said(found, need)}; {now}."


_METHODS = {
    HALVES: "Sampling noise was measured by splitting the samples in halves.",
    REDRAWN: "Sampling noise was measured by drawing the samples again (bootstrap), for they are too few to be split; "
    "where all samples agreed it counts none, so that it is rather too small.",
    UNKNOWN: "Sampling noise could not be measured: all variance is taken for the examples' own, so that what more "
    "samples would bring is not known.",
}


def _remark(found: Power) -> str:
    return (
        f"{found.question}. Settled: the comparison's own 95% interval leaves 0 out, in 4 of 5 repetitions. Dotted "
        f"line: today's {found.examples} examples with {found.samples} samples of each. This is {found.label}. "
        f"{_METHODS[found.method]}"
    )


def _row(found: Power, need: Need) -> tuple[str, ...]:
    """The numbers of one difference."""
    counts = (need.examples, need.deep_examples, need.samples)
    return (_said(found, need), *("out of reach" if count is None else f"{count:,}" for count in counts))
