"""Do cheap and strong models want different prompts? A line for each family of prompts, a mark for each model on it."""

from collections.abc import Sequence

import plotly.graph_objects as go

from jointopt.analysis import Absent, Findings, Lift, Tiers, percent, points
from jointopt.analysis.words import cost
from jointopt.reports.figures.panel import Panel, span
from jointopt.reports.figures.theme import axis, blank, colour, label, listed, symbol

KEY, QUESTION = "tiers", "Do cheap and strong models want different prompts?"
HEADERS = ("Family of prompts", "Model", "Score", "95% interval", "Over the default", "Cheap less strong (95%)")


def tiers(findings: Findings) -> Panel:
    """Families below each other, the one that sets the models furthest apart first; a mark for each model."""
    found = findings.insight.tiers
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    if len(found.models) <= 1 or len(found.families) <= 1:
        lack = "one model" if len(found.models) <= 1 else "one family of prompts"
        return Panel(KEY, QUESTION, f"Nothing to compare: the study has {lack}.")
    order = _order(found)
    figure = blank(
        110 + 40 * len(order),
        xaxis=axis("score, %"),
        yaxis=listed([found.families[place] for place in order]),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    for model in range(len(found.models)):
        _draw(figure, found, order, model)
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, tuple(_rows(found, order)), _remark(found))


def _order(found: Tiers) -> list[int]:
    """Places of the families: the default, then the others by how differently they serve the models."""
    lifts = [found.families.index(lift.family) for lift in found.lifts]
    return list(dict.fromkeys([0, *lifts, *range(len(found.families))]))


def _draw(figure: go.Figure, found: Tiers, order: Sequence[int], model: int) -> None:
    """The marks of one model, a little apart from the others', so that their intervals can be told."""
    spread = 0.24 * (model - (len(found.models) - 1) / 2)
    scores = [found.scores[model][place] for place in order]
    told = [
        f"{label(found.families[place])}: {span(score.low, score.high)}"
        for place, score in zip(order, scores, strict=True)
    ]
    name = label(found.models[model])
    figure.add_scatter(
        x=[100 * score.mean for score in scores],
        y=[row + spread for row in range(len(order))],
        mode="markers",
        name=f"{name} ({cost(found.costs[model], found.unit)} a sample)",
        marker={"color": colour(model), "size": 10, "symbol": symbol(model)},
        error_x={
            "array": [100 * (score.high - score.mean) for score in scores],
            "arrayminus": [100 * (score.mean - score.low) for score in scores],
            "color": colour(model),
            "thickness": 1.2,
            "width": 3,
        },
        text=told,
        hovertemplate=f"<b>{name}</b><br>%{{text}}<br>%{{x:.1f}}%<extra></extra>",
    )


def _answer(found: Tiers) -> str:
    """The family that serves the models most differently, if that is more than luck.

    That lifts differ does not make another prompt the better one: yes is said only where the order turns round.
    """
    cheap, strong = found.models[0], found.models[-1]
    if not found.lifts:
        return f"All prompts are of one family on {cheap} and {strong}."
    lift = (*found.opposed, *found.uneven, *found.lifts)[0]
    told = (
        f"{lift.family} brings {points(lift.cheap.mean)} points on {cheap} and {points(lift.strong.mean)} on {strong} "
        f"over {found.families[0]}"
    )
    ends = f"95% interval of the difference {points(lift.apart.low)} to {points(lift.apart.high)}"
    if found.opposed:
        return f"Yes: {told} ({ends})."
    if found.uneven:
        return f"Not shown, but their gains differ: {told} ({ends})."
    return f"Not shown: at most, {told} ({ends}; it does not stand among {len(found.lifts)})."


def _remark(found: Tiers) -> str:
    """What it rests on, and the share of the variance that belongs to the meeting."""
    share = found.interaction
    if isinstance(share, Absent):
        meeting = f"How much of the variance belongs to model x family was not measured: {share.reason}."
    else:
        ends = span(share.low, share.high)
        meeting = f"Model x family makes {percent(share.share)} of the variance (95% interval {ends})."
    return f"{found.tactic} on {found.examples} examples; models by the price of a sample. {meeting}"


def _rows(found: Tiers, order: Sequence[int]) -> list[tuple[str, ...]]:
    """A line for each family and model."""
    by_family = {lift.family: lift for lift in found.lifts}
    rows: list[tuple[str, ...]] = []
    for place in order:
        lift = by_family.get(found.families[place])
        for model, line in enumerate(found.scores):
            score = line[place]
            lifted, apart = _lifted(lift, model, len(found.models))
            own = (percent(score.mean), span(score.low, score.high))
            rows.append((found.families[place], found.models[model], *own, lifted, apart))
    return rows


def _lifted(lift: Lift | None, model: int, models: int) -> tuple[str, str]:
    """What a family does for the cheapest and the strongest model; the others have no such number."""
    if lift is None or model not in (0, models - 1):
        return "", ""
    apart = f"{points(lift.apart.mean)} ({points(lift.apart.low)} to {points(lift.apart.high)})" if model == 0 else ""
    return points((lift.cheap if model == 0 else lift.strong).mean), apart
