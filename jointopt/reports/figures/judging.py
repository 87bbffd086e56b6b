"""How good is whoever selects among samples, and what would a better one bring?"""

import plotly.graph_objects as go

from jointopt.analysis import Absent, Findings, Judging, percent, points
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import BLUE, GREEN, INK, VERMILLION, axis, blank, label

KEY, QUESTION = "judging", "How good is whoever selects?"
HEADERS = (
    "Selector",
    "Source",
    "Accuracy",
    "95% interval",
    "Score at the largest n",
    "Picked by lot",
    "Always a right one",
    "Alarm",
)


def judging(findings: Findings) -> Panel:
    """The score over n of what the selector picks, between picking by lot and always picking a right one."""
    found = findings.insight.judging
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    if not found:
        return Panel(KEY, QUESTION, "Nothing to show: no strategy of the study selects among samples.")
    rows = tuple(_row(one) for one in found)
    first = found[0]
    figure = blank(
        380,
        xaxis=axis("accuracy: chance that a right sample is rated above a wrong one", range=[0.46, 1.03]),
        yaxis=axis(f"score with n = {first.ns[-1]}, %"),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    _curve(figure, first)
    _mark(figure, first)
    return Panel(KEY, QUESTION, _answer(first), figure, HEADERS, rows, _remark(first))


def _curve(figure: go.Figure, found: Judging) -> None:
    """What judges of every accuracy would score on the same samples; a model."""
    figure.add_scatter(
        x=list(found.accuracies),
        y=[100 * score for score in found.curve],
        mode="lines",
        name="a judge of this accuracy (model)",
        line={"color": BLUE, "width": 2.4},
        hovertemplate="accuracy %{x:.2f}: %{y:.1f}%<extra></extra>",
    )
    lines = ((found.by_chance, "picked by lot", INK, "dot"), (found.reach[-1], "always a right one", GREEN, "dash"))
    for level, name, hue, dashes in lines:
        figure.add_scatter(
            x=[0.5, 1.0],
            y=[100 * level] * 2,
            mode="lines",
            name=f"{name}: {percent(level)}",
            line={"color": hue, "width": 1.6, "dash": dashes},
            hoverinfo="skip",
        )


def _mark(figure: go.Figure, found: Judging) -> None:
    """Where the selector really stands."""
    score, accuracy = found.scores[-1], found.accuracy
    figure.add_scatter(
        x=[accuracy.mean],
        y=[100 * score.mean],
        mode="markers",
        name=label(f"{found.strategy}, measured"),
        marker={"color": VERMILLION, "size": 12, "symbol": "diamond"},
        error_x={"array": [accuracy.high - accuracy.mean], "arrayminus": [accuracy.mean - accuracy.low]} | _BAR,
        error_y={"array": [100 * (score.high - score.mean)], "arrayminus": [100 * (score.mean - score.low)]} | _BAR,
        hovertemplate=f"accuracy {accuracy.mean:.2f} ({accuracy.low:.2f} to {accuracy.high:.2f})<br>"
        f"score {percent(score.mean)} ({span(score.low, score.high)})<extra></extra>",
    )


_BAR = {"color": VERMILLION, "thickness": 1.4, "width": 4}


def _answer(found: Judging) -> str:
    """The selector's accuracy, what is left to a better one, and whether it is being gamed."""
    accuracy, score, reach = found.accuracy, found.scores[-1].mean, found.reach[-1]
    opening = (
        f"{found.strategy} rates a right sample above a wrong one with probability {accuracy.mean:.2f} and scores "
        f"{percent(score)}; a perfect selector would reach {percent(reach)}"
    )
    gamed = found.gamed
    if isinstance(gamed, Absent) or not gamed.alarm:
        return f"{opening}."
    fall = f"the score falls by {points(gamed.fall.mean)[1:]} points"
    return f"Alarm: {opening}; from n = {gamed.peak_n} to {gamed.last_n} its ratings rise while {fall}."


def _remark(found: Judging) -> str:
    alarm = f" Over-optimisation was not looked for: {found.gamed.reason}." if isinstance(found.gamed, Absent) else ""
    return (
        f"{found.source.prompt} on {found.source.model}; accuracy on {found.questions} of {found.examples} examples, "
        "those that have right and wrong samples, 0.5 is a coin. The curve is a model (ratings normal, equally wide) "
        "of right-or-wrong marks: where marks are only 0 or 1 its ends are exact, elsewhere they are not. "
        f"Bars are 95% intervals.{alarm}"
    )


def _row(found: Judging) -> tuple[str, ...]:
    """The numbers of one selector."""
    accuracy, score = found.accuracy, found.scores[-1]
    gamed = found.gamed
    alarm = "" if isinstance(gamed, Absent) else "ratings rise, score falls" if gamed.alarm else "none"
    source = f"{found.source.prompt} on {found.source.model}"
    ends = f"{accuracy.low:.2f} to {accuracy.high:.2f}"
    scored = f"{percent(score.mean)} ({span(score.low, score.high)}), n = {found.ns[-1]}"
    return (
        found.strategy,
        source,
        f"{accuracy.mean:.2f}",
        ends,
        scored,
        percent(found.by_chance),
        percent(found.reach[-1]),
        alarm,
    )
