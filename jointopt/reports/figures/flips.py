"""Which prompts change places? Ranks over n (or over the strategies), a line for each: a bump chart."""

from collections.abc import Sequence

import plotly.graph_objects as go

from jointopt.analysis import Absent, Findings, Flip, Flips, Ranking, percent, points
from jointopt.reports.figures.panel import Panel
from jointopt.reports.figures.spotlight import spotlight
from jointopt.reports.figures.theme import INK, axis, blank, colour, faint, label, symbol

KEY, QUESTION = "flips", "Which choices change places?"
HEADERS = ("Leads first", "Leads later", "Where", "Lead before", "Lead after", "Meet at n (95%)", "Chance", "p")
_LINE_PX, _NAME, _LETTER_PX = 26, 26, 7  # of a rank; characters of a name


def flips(findings: Findings) -> Panel:
    """Ranks at every level of what is varied; those that change places in colour."""
    found = findings.insight.flips
    if isinstance(found, Absent):
        return Panel(KEY, QUESTION, f"Not measured: {found.reason}.")
    rows = tuple(_row(flip) for flip in found.flips)
    ranking = _telling(findings, found)
    if ranking is None:
        why = "Nothing to draw: there are fewer than two choices to rank, or one level to rank them at."
        return Panel(KEY, QUESTION, why, None, HEADERS, rows)
    if all(len(set(ranks)) == 1 for ranks in ranking.ranks):
        return Panel(KEY, QUESTION, "Nothing to rank: all score the same at every level.", None, HEADERS, rows)
    figure = blank(
        120 + _LINE_PX * max(4, len(ranking.names)),
        xaxis=axis(
            _along(ranking), showgrid=False, tickvals=list(range(len(ranking.levels))), ticktext=_levels(ranking)
        ),
        yaxis=axis(range=[len(ranking.names) + 0.6, 0.4], visible=False),
        showlegend=False,
    )
    _names(figure, ranking)
    movers = [name for flip in _of(found, ranking) for name in (flip.first, flip.second)]
    ends = [name for level in (-1, 0) for name in _in_order(ranking, level)[:1]]
    bright = spotlight(ranking.names, [*movers, *ends], most=6)
    for place, name in enumerate(ranking.names):
        _draw(figure, ranking, place, bright.index(name) if name in bright else None)
    fixed = ", ".join(f"{factor} {level}" for factor, level in ranking.fixed)
    remark = f"Ranks by mean score on {found.examples} examples{f'; {fixed}' if fixed else ''}. {_READ}"
    return Panel(KEY, QUESTION, _answer(found), figure, HEADERS, rows, remark)


_READ = (
    "The larger a mark, the likelier that choice is the best there. A chance is that of both leads being real, by a "
    "bootstrap over examples; p is corrected for every pair that was looked at. Neighbours in rank may be a hair "
    "apart: the scores stand at the pointer."
)


def _telling(findings: Findings, found: Flips) -> Ranking | None:
    """The ranking in which the surest flip shows; else that of the winner's strategy; else the first."""
    drawable = [one for one in found.rankings if len(one.names) > 1 and len(one.levels) > 1]
    for flip in found.flips:
        for one in drawable:
            if (one.factor, one.along, one.fixed) == (flip.factor, flip.along, flip.fixed):
                return one
    strategy = findings.winner.policy.strategy
    winners = (one for one in drawable if any(level.startswith(strategy) for _, level in one.fixed))
    return next(winners, drawable[0] if drawable else None)


def _of(found: Flips, ranking: Ranking) -> Sequence[Flip]:
    """The flips that a ranking shows, the surest first."""
    same = (ranking.factor, ranking.along, ranking.fixed)
    return [flip for flip in found.flips if (flip.factor, flip.along, flip.fixed) == same]


def _in_order(ranking: Ranking, level: int) -> list[str]:
    """The names at a level, the best first; equal ones in the order of the study."""
    ranks = ranking.ranks[level]
    return [ranking.names[place] for place in sorted(range(len(ranks)), key=lambda place: (ranks[place], place))]


def _along(ranking: Ranking) -> str:
    return "n, samples per answer" if ranking.along == "n" else ranking.along


def _levels(ranking: Ranking) -> list[str]:
    """The levels, a strategy's options below its name; where short ones are alike, the options that differ."""
    width = max(7, 64 // len(ranking.levels))
    parts = [level.partition("(") for level in ranking.levels]
    short = [_level(name, opening + options, width) for name, opening, options in parts]
    if len(set(short)) == len(short):
        return short
    each = {
        level: options.rstrip(")").split(", ") for level, (_, _, options) in zip(ranking.levels, parts, strict=True)
    }
    listed = [set(options) for options in each.values() if options != [""]]
    shared = set.intersection(*listed) if listed else set[str]()
    told = [", ".join(one for one in each[level] if one not in shared) for level in ranking.levels]
    short = [_level(name, options, width) for (name, _, _), options in zip(parts, told, strict=True)]
    return [f"{place}. {one}" if short.count(one) > 1 else one for place, one in enumerate(short, start=1)]


def _level(name: str, options: str, width: int) -> str:
    return "<br>".join(label(part, width=width) for part in (name, options) if part)


def _names(figure: go.Figure, ranking: Ranking) -> None:
    """Every name at both ends, at its rank; the margins are made wide enough to hold them."""
    last = len(ranking.levels) - 1
    room = 40 + _LETTER_PX * max(min(len(name), _NAME) for name in ranking.names)
    figure.update_xaxes(range=[-0.04 * last, 1.04 * last])
    figure.update_layout(margin={"l": room, "r": room, "t": 30, "b": 8})
    for level, anchor, text in ((0, "right", "{name}  {rank}"), (last, "left", "{rank}  {name}")):
        for rank, name in enumerate(_in_order(ranking, level), start=1):
            figure.add_annotation(
                x=level,
                y=rank,
                text=text.format(name=label(name, width=_NAME), rank=rank),
                xanchor=anchor,
                xshift=-14 if anchor == "right" else 14,
                showarrow=False,
                font={"size": 12},
            )


def _draw(figure: go.Figure, ranking: Ranking, place: int, hue: int | None) -> None:
    """The line of one choice."""
    name, levels = ranking.names[place], range(len(ranking.levels))
    bright = hue is not None
    tint = colour(hue) if hue is not None else faint(INK, 0.45)
    told = [
        f"{percent(ranking.scores[level][place])}; the best with probability {ranking.leads[level][place]:.2f}"
        for level in levels
    ]
    figure.add_scatter(
        x=list(levels),
        y=[1 + _in_order(ranking, level).index(name) for level in levels],
        mode="lines+markers",
        line={"color": tint, "width": 3 if bright else 1.2},
        marker={
            "size": [8 + 8 * ranking.leads[level][place] for level in levels],
            "symbol": symbol(hue) if hue is not None else "circle",
            "color": tint,
            "opacity": 1,
            "line": {"width": 0},
        },
        name=label(name),
        text=told,
        hovertemplate=f"<b>{label(name)}</b>, rank %{{y}}<br>%{{text}}<extra></extra>",
    )


def _answer(found: Flips) -> str:
    """How many swaps stand, and the surest of them."""
    if not found.flips:
        which = "The one pair is not" if found.pairs == 1 else f"None of the {found.pairs:,} pairs is"
        return f"{which} seen to change places."
    flip, settled = found.flips[0], found.settled
    seen = f"{found.found:,} of {found.pairs:,} pairs change places on these examples"
    if not settled:
        return f"{seen}, and none of the swaps stands once all pairs are corrected for; the likeliest: {_said(flip)}."
    stand = "one stands" if settled == 1 else f"{settled} stand"
    return f"{seen}, and {stand} after correction for all of them: {_said(flip)}."


def _said(flip: Flip) -> str:
    """One flip in words."""
    before, after = points(flip.lead_before.mean)[1:], points(flip.lead_after.mean)[1:]
    at = "n = " if flip.along == "n" else ""
    return (
        f"{flip.first} leads {flip.second} by {before} points at {at}{flip.before} and trails by {after} at "
        f"{at}{flip.after} (probability {flip.probability:.2f})"
    )


def _row(flip: Flip) -> tuple[str, ...]:
    """The numbers of one flip."""
    where = "; ".join(level for _, level in flip.fixed)
    leads = [
        f"{points(lead.mean)} at {level}"
        for lead, level in ((flip.lead_before, flip.before), (flip.lead_after, flip.after))
    ]
    meet = flip.meeting
    meeting = f"{meet.mean:.1f} ({meet.low:.1f} to {meet.high:.1f})" if meet else ""
    return (flip.first, flip.second, where, *leads, meeting, f"{flip.probability:.2f}", f"{flip.p:.2g}")
