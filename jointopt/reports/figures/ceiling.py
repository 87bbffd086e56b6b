"""What stands between the winner and a score of 1? A waterfall whose parts add up to what is missing."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from jointopt.analysis import Absent, Ceiling, Findings, Gap, Part, percent, points
from jointopt.analysis.words import many, size
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import BLUE, GREEN, INK, VERMILLION, WHITE, axis, blank, faint, listed

KEY, QUESTION = "ceiling", "What stands between the winner and a perfect score?"
HEADERS = ("Part of 1 \N{MINUS SIGN} score", "Points", "95% interval", "At least", "What would close it")
_ROOM = 0.65  # a longer bar holds its own numbers on a screen of 420 px
WHAT = {
    Part.SELECTION: "drawn, not picked",
    Part.PROMPT: "another prompt",
    Part.ROUTING: "another model, setting",
    Part.DEPTH: "more samples",
    Part.UNSOLVED: "never solved",
}


def ceiling(findings: Findings) -> Panel:
    """From the winner's score up to 100%, a bar for each part."""
    found = findings.insight.ceiling
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    names = ["the winner", *(WHAT[gap.part] for gap in found.gaps)]
    figure = blank(
        100 + 42 * len(names),
        xaxis=axis("score, %", range=[0, 155], tickvals=[0, 20, 40, 60, 80, 100]),
        yaxis=listed(names),
        showlegend=False,
        barmode="overlay",
        bargap=0.35,
    )
    told = f"{percent(found.score.mean)} ({span(found.score.low, found.score.high)})"
    _bar(figure, 0, (0.0, found.score.mean), {"color": BLUE}, told)
    short = f"{percent(found.score.mean)} ({span(found.score.low, found.score.high, digits=0)})"
    _said(figure, 0, 100 * found.score.mean, short, inside=found.score.mean > _ROOM)
    start = found.score.mean
    for place, gap in enumerate(found.gaps, start=1):
        _gap(figure, place, start, gap)
        start += gap.size.mean
    rows = tuple(_row(gap) for gap in found.gaps)
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, _remark(found))


def _gap(figure: go.Figure, place: int, start: float, gap: Gap) -> None:
    """One part: what is sure of it is solid, what it may be at most is outlined."""
    hue = VERMILLION if gap.part is Part.UNSOLVED else GREEN
    drawn, outline = max(0.0, gap.size.mean), {"color": hue, "width": 1.5}
    step = {"color": INK, "width": 1}
    figure.add_shape(type="line", x0=100 * start, x1=100 * start, y0=place - 1, y1=place, line=step)
    told = f"{WHAT[gap.part]}: {size(gap.size.mean)} points ({span(gap.size.low, gap.size.high)})<br>{gap.means}"
    whole = hue if gap.least is None else faint(hue, 0.18)
    _bar(figure, place, (start, drawn), {"color": whole, "line": outline}, told)
    least = ""
    if gap.least is not None:
        sure = min(drawn, max(0.0, gap.least.mean))
        _bar(figure, place, (start, sure), {"color": hue, "line": outline}, told)
        least = f" (\N{GREATER-THAN OR EQUAL TO} {size(gap.least.mean)})" if gap.least.mean > 0 else ""
    _said(figure, place, 100 * (start + drawn), f"{points(gap.size.mean)}{least}")


def _bar(figure: go.Figure, place: int, part: tuple[float, float], look: Mapping[str, Any], told: str) -> None:
    """A bar; `part` is where it starts and how long it is, in score."""
    figure.add_bar(
        x=[100 * part[1]],
        base=[100 * part[0]],
        y=[place],
        orientation="h",
        width=0.62,
        marker=look,
        hovertemplate=f"{told}<extra></extra>",
    )


def _said(figure: go.Figure, place: int, end: float, text: str, *, inside: bool = False) -> None:
    """The numbers beside a bar, or at its end within it: beside a long one a narrow screen has no room."""
    anchor, shift, font = ("right", -6, {"color": WHITE}) if inside else ("left", 6, {})
    where = {"x": end, "y": place, "xanchor": anchor, "xshift": shift}
    figure.add_annotation(text=text, showarrow=False, font={"size": 12, **font}, **where)


def _answer(found: Ceiling) -> str:
    """The largest part, and how far anybody could get."""
    missing = 1 - found.score.mean
    if not found.gaps or missing <= 0:
        return f"Nothing is missing: the winner answers all {found.examples} examples right."
    most = found.largest
    reach = f"no choice among these samples passes {percent(found.reach.mean)}"
    return (
        f"Of the {size(missing)} points that the winner misses, the largest part ({most.bound}{size(most.sure)}) is "
        f"\N{LEFT DOUBLE QUOTATION MARK}{WHAT[most.part]}\N{RIGHT DOUBLE QUOTATION MARK}; {reach}."
    )


def _remark(found: Ceiling) -> str:
    """What the parts rest on, and what is known of the questions that nobody solved."""
    sampled = "one source was" if found.sources == 1 else f"{found.sources} sources were"
    said = [
        f"{found.policy} on {found.examples} examples that {sampled} sampled for.",
        "It was chosen there, which flatters it. The parts add up to 100%. "
        "Outlined: the most that choosing for each question could bring (flattered by luck); "
        "solid: what it brings on samples that did not choose.",
    ]
    unsolved = found.unsolved
    if unsolved is not None:
        hope = "; ".join(
            f"{many(one.more, 'more sample')} of each would solve {one.solved.mean:.1f} of them "
            f"({one.solved.low:.0f} to {one.solved.high:.0f}; {unsolved.label})"
            for one in unsolved.forecasts[-1:]
        )
        count = len(unsolved.examples)
        said.append(
            f"{count} question{' has' if count == 1 else 's have'} no right answer in "
            f"{many(unsolved.samples, 'sample')}{f'; {hope}' if hope else ''}. "
            "What stays unsolved wants retrieval or training."
        )
    return " ".join(filter(None, (*said, found.note)))


def _row(gap: Gap) -> tuple[str, ...]:
    """The numbers of one part."""
    ends = f"{size(gap.size.low)} to {size(gap.size.high)}"
    return (WHAT[gap.part], size(gap.size.mean), ends, size(gap.least.mean) if gap.least else "", gap.means)
