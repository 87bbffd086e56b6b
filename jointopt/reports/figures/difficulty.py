"""Do hard questions want another policy than easy ones? Scores by difficulty, a line for each that wins somewhere."""

import plotly.graph_objects as go

from jointopt.analysis import Absent, Bin, Difficulty, Findings, percent, points
from jointopt.domain import Policy
from jointopt.reports.figures.panel import NARROW, Panel, policy_label, span
from jointopt.reports.figures.theme import BELOW, INK, axis, blank, colour, dash, symbol

KEY, QUESTION = "difficulty", "Do hard questions want another policy?"
HEADERS = (
    "Single samples right",
    "Questions",
    "Best policy",
    "Its score",
    "95% interval",
    "Best for all",
    "Gain (95%)",
)
_MOST, _LEGEND_PX = 6, 22


def difficulty(findings: Findings) -> Panel:
    """Score over difficulty: the policy that is best for all, and those that are best in some bin."""
    found = findings.insight.difficulty
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    rows = tuple(_row(one) for one in found.bins)
    if len(found.bins) <= 1:
        why = "All questions are about as hard as each other, so that there is nothing to tell apart."
        return Panel(KEY, QUESTION, why, None, HEADERS, rows)
    chosen = list(dict.fromkeys([found.overall, *(one.best for one in found.bins)]))[:_MOST]
    places = list(range(len(found.bins)))
    figure = blank(
        340 + _LEGEND_PX * len(chosen),
        xaxis=axis(
            "share of single samples that are right: hard to easy",
            tickvals=places,
            ticktext=[f"{span(one.low, one.high, digits=0)}<br>{one.examples} questions" for one in found.bins],
            range=[-0.4, len(places) - 0.6],
            showgrid=False,
        ),
        yaxis=axis("score, %", range=[-4, 108], tickvals=[0, 20, 40, 60, 80, 100]),
        legend={"orientation": "v"} | BELOW,
    )
    for place, policy in enumerate(chosen):
        _draw(figure, found, policy, place)
    figure.add_scatter(
        x=places,
        y=[100 * one.score.mean for one in found.bins],
        mode="markers",
        marker={"symbol": "circle-open", "size": 17, "color": INK, "line": {"width": 1.5}},
        hoverinfo="skip",
        cliponaxis=False,
        name="the best in its bin (flattered)",
    )
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, _remark(found))


def _draw(figure: go.Figure, found: Difficulty, policy: Policy, hue: int) -> None:
    """The line of one policy."""
    place = found.policies.index(policy)
    name = policy_label(policy)
    figure.add_scatter(
        x=list(range(len(found.bins))),
        y=[100 * one.scores[place] for one in found.bins],
        mode="lines+markers",
        line={"color": colour(hue), "width": 3 if hue == 0 else 1.8, "dash": dash(hue)},
        marker={"size": 8, "symbol": symbol(hue)},
        name=f"{name}, best for all" if policy == found.overall else name,
        hovertemplate=f"{name}<br>%{{y:.1f}}%<extra></extra>",
    )


def _answer(found: Difficulty) -> str:
    """Whether choosing by difficulty pays."""
    gain = found.gain
    told = (
        f"{points(gain.mean)} points over one policy for all (95% interval {points(gain.low)} to {points(gain.high)})"
    )
    if gain.low > 0:
        return f"Yes: choosing the policy by how hard a question is brings {told}."
    if gain.high < 0:
        return f"No: choosing the policy by how hard a question is costs score, {told}."
    best = {one.best for one in found.bins}
    if best == {found.overall}:
        return f"Not shown: {found.overall} is the best at every level seen; choosing by difficulty brings {told}."
    return f"Not shown: choosing the policy by how hard a question is brings {told}."


def _remark(found: Difficulty) -> str:
    return (
        f"{found.held_out} samples of each source say how hard a question is; the scores rest on {found.scored} other"
        f" ones. {len(found.policies):,} policies were compared on {found.examples} examples; drawn are the best for"
        " all and those that win a bin. A bin's best is flattered by having been chosen there; the gains are "
        "cross-fitted, and often negative where a bin is small."
    )


def _row(one: Bin) -> tuple[str, ...]:
    """The numbers of one bin."""
    gain = f"{points(one.gain.mean)} ({points(one.gain.low)} to {points(one.gain.high)})"
    level = f"{percent(one.low)} {NARROW} {percent(one.high)}"
    own = (str(one.best), percent(one.score.mean), span(one.score.low, one.score.high))
    return (level, str(one.examples), *own, percent(one.overall.mean), gain)
