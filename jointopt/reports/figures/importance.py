"""What does Optuna make of the parameters, and where does it differ from the balanced table?"""

from collections.abc import Mapping
from typing import Any

from jointopt.analysis import Findings, percent
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.theme import BLUE, VERMILLION, axis, blank, faint, label, listed

KEY, QUESTION = "importance", "What does Optuna make of it?"
_WHY = (
    "Optuna credits each parameter alone, and from the trials that its search happened to visit; the table holds every"
    " combination equally often. A total counts every meeting once for each parameter in it, so totals may add up to"
    " more than 100%."
)
_OPTUNA: dict[str, Any] = {"color": VERMILLION}
_ALONE: dict[str, Any] = {"color": BLUE}
_WHOLE: dict[str, Any] = {"color": faint(BLUE, 0.15), "line": {"color": BLUE, "width": 1.5}}

Series = tuple[str, Mapping[str, Any], dict[str, float]]  # title, look of the bars, share of every parameter


def importance(findings: Findings) -> Panel:
    """Bars per parameter: Optuna's own importance, our share alone, our share with all meetings."""
    series = _series(findings)
    if not series:
        return Panel(KEY, QUESTION, f"Nothing to show: {findings.importance.reason or 'too few trials'}.")
    names = sorted({name for _, _, shares in series for name in shares}, key=lambda name: -series[0][2].get(name, 0))
    figure = blank(
        120 + (14 + 18 * len(series)) * len(names),
        xaxis=axis("share of the variance, %", rangemode="tozero"),
        yaxis=listed(names),
        barmode="group",
        bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    for title, look, shares in series:
        figure.add_bar(
            x=[100 * shares[name] if name in shares else None for name in names],
            y=list(range(len(names))),
            text=[label(name) for name in names],
            textposition="none",
            name=title,
            orientation="h",
            marker=look,
            hovertemplate="%{text}: %{x:.1f}%<extra></extra>",
        )
    rows = tuple((name, *(percent(one[name]) if name in one else "" for *_, one in series)) for name in names)
    headers = ("Parameter", *(title for title, *_ in series))
    return Panel(KEY, QUESTION, _answer(findings), figure, headers, rows, _WHY)


def _series(findings: Findings) -> list[Series]:
    """Title, look and shares of every set of bars there is."""
    series: list[Series] = []
    found = findings.interaction
    if findings.importance.shares:
        series.append((f"Optuna ({label(findings.importance.method)})", _OPTUNA, dict(findings.importance.shares)))
    if found is not None and not found.doubtful:
        alone = {share.effect[0]: share.share for share in found.shares if len(share.effect) == 1}
        series.append(("balanced table, alone", _ALONE, alone))
        series.append(("balanced table, with its meetings", _WHOLE, {one: found.total(one) for one in alone}))
    return series


def _answer(findings: Findings) -> str:
    """The first of each list, side by side."""
    shares, found = findings.importance.shares, findings.interaction
    if not shares:
        return f"Optuna gives no importances: {findings.importance.reason or 'too few trials'}."
    first = max(shares, key=lambda name: shares[name])
    if found is None or found.doubtful:
        return f"Optuna puts {first} first ({percent(shares[first])})."
    ours = max(found.factors, key=found.total)
    # a total has no interval: the shares alone have to be clear
    if found.rival or found.alone[0] not in found.standing:
        largest = f"largest in all: {ours}, {percent(found.total(ours))}"
        return (
            f"Optuna puts {first} first ({percent(shares[first])}); the balanced table separates none from the others "
            f"({largest})."
        )
    agrees = "and so does" if ours == first else f"but {ours} comes first in"
    total = percent(found.total(ours))
    return f"Optuna puts {first} first ({percent(shares[first])}), {agrees} the balanced table ({total} in all)."
