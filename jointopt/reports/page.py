"""The findings as one HTML file: no server, no network, nothing that a prompt or a completion could break.

Every word of the study is escaped, and a content policy lets no script run but the two that are written here, by
their hashes. It draws nothing itself: figures come from `figures`, sentences from `analysis`.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template

from plotly.offline import get_plotlyjs

from jointopt.analysis import Findings, Preferred, Standing, percent, say_above, verdict, weights, why_not_first
from jointopt.analysis.words import dollars, many
from jointopt.domain import Message
from jointopt.reports.browser import render_exhibition
from jointopt.reports.exhibits import Exhibition
from jointopt.reports.figures import FIGURES, Panel
from jointopt.reports.figures.panel import span
from jointopt.reports.markup import data, details, table, text

_LEADERS = ("Policy", "Dev (95% interval)", "Sealed (95% interval)", "Unreadable", "Tokens", "Latency", "Cost")
_PREFERRED = ("What counts", "Chosen on dev", "Score", "95% interval", "Utility", "Tokens", "Cost")


def render_page(findings: Findings, *, exhibition: Exhibition | None = None) -> str:
    """The report, complete.

    Args:
        findings: what the study taught.
        exhibition: what the winner made of some examples.
    """
    library, script = get_plotlyjs().replace("\r\n", "\n"), _part("page.js")
    panels = [draw(findings) for draw in FIGURES]
    figures = {panel.key: panel.figure.to_plotly_json() for panel in panels if panel.figure is not None}
    return Template(_part("page.html")).substitute(
        hashes=f"{_hash(library)} {_hash(script)}",
        style=_part("page.css"),
        study=text(findings.study),
        facts=text(_facts(findings)),
        verdict="".join(f"<p>{text(line)}</p>" for line in verdict(findings)),
        tiles="".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in _tiles(findings)),
        leaders=_leaders(findings),
        panels="".join(map(_panel, panels)),
        preferred=_preferred(findings.preferred),
        prompt="".join(map(_message, findings.prompt)),
        samples=_browser(exhibition),
        spend=_spend(findings),
        command=text(findings.command),
        digest=text(findings.digest),
        library=library,
        figures=data(figures),
        script=script,
    )


def _part(name: str) -> str:
    """A file that ships beside this one."""
    return files("jointopt.reports").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """A script's name in the content policy."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _facts(findings: Findings) -> str:
    """What was studied, in a line."""
    counts = findings.counts
    examples = f"{counts.dev} dev and {many(counts.sealed, 'sealed example')}"
    if findings.winner.sealed is None:
        examples = f"{many(counts.dev, 'dev example')}, the sealed half not opened"
    said = (f"Task {findings.task}", examples, ", ".join(findings.models), many(counts.trials, "trial"))
    return " \N{MIDDLE DOT} ".join(said)


def _tiles(findings: Findings) -> list[tuple[str, str]]:
    """The figures to take away."""
    winner, counts = findings.winner, findings.counts
    scored = ("Sealed score", winner.sealed) if winner.sealed else ("Dev score", winner.dev)
    return [
        (scored[0], percent(scored[1].mean)),
        ("Tokens per answer", f"{winner.tokens:,.0f}"),
        ("Cost per answer", _usd(winner.cost_usd)),
        ("Unreadable answers", percent(winner.unreadable)),
        ("Samples paid", f"{counts.samples:,}"),
        ("Served from the pool", f"{counts.pool_hits:,}"),
    ]


def _leaders(findings: Findings) -> str:
    """The table of leaders, the winner last where it is not among the first, and why it is not the first."""
    known = any(standing.policy == findings.winner.policy for standing in findings.leaders)
    leaders = findings.leaders if known else (*findings.leaders, findings.winner)
    said = [
        f"The best policies on the examples that the search looked at by {findings.ranked_by}, best first"
        f"{'' if known else ', and last the winner'}. A star marks the winner. A dev score is flattered by having been "
        "chosen; the sealed score is not.",
        *why_not_first(findings),
        *_hindsight(findings),
    ]
    first, weighed = _LEADERS[0], findings.ranked_by == "utility"
    headers = (first, *(("Utility",) if weighed else ()), *_LEADERS[1:])
    rows = table(headers, [_leader(standing, findings.winner, weighed=weighed) for standing in leaders])
    return f'{"".join(f"<p>{text(line)}</p>" for line in said)}<div class="wide">{rows}</div>'


def _hindsight(findings: Findings) -> list[str]:
    """That another leader scores higher on the sealed examples, which nobody could know."""
    winner = findings.winner
    scored = [(standing.sealed.mean, standing) for standing in findings.leaders if standing.sealed]
    mean, best = max(scored, key=lambda pair: pair[0], default=(0.0, winner))
    if winner.sealed is None or mean <= winner.sealed.mean:
        return []
    return [
        f"On the sealed examples {best.policy} scores higher ({percent(mean)}): the winner was chosen before these "
        "were opened, and to choose by them now would flatter."
    ]


def _leader(standing: Standing, winner: Standing, *, weighed: bool) -> tuple[str, ...]:
    """A line of the table of leaders."""
    dev, sealed = standing.dev, standing.sealed
    scores = [f"{percent(one.mean)} ({span(one.low, one.high)})" if one else "" for one in (dev, sealed)]
    costs = (f"{standing.tokens:,.0f}", f"{standing.latency_s:.2g} s", _usd(standing.cost_usd))
    star = " \N{BLACK STAR}" if standing.policy == winner.policy else ""
    utility = (f"{standing.utility:.3f}",) if weighed else ()
    return (f"{standing.policy}{star}", *utility, *scores, percent(standing.unreadable), *costs)


def _preferred(found: Sequence[Preferred]) -> str:
    """The best policy under each preference of the grid; nothing where there is none."""
    if not found:
        return ""
    lines = [
        (
            *(weights(entry.preference), str(entry.policy), percent(entry.score.mean)),
            *(span(entry.score.low, entry.score.high), f"{entry.utility:.3f}"),
            *(f"{entry.tokens:,.0f}", _usd(entry.cost_usd)),
        )
        for entry in found
    ]
    passed = [
        f"For {weights(entry.preference)}, {entry.above.policy} has a higher utility: {say_above(entry.above)}."
        for entry in found
        if entry.above
    ]
    said = ["All from the samples of this study. Chosen and scored on dev, so flattered.", *passed]
    remark = "".join(f"<p>{text(line)}</p>" for line in said)
    return f'<section><h2>Other preferences</h2>{remark}<div class="wide">{table(_PREFERRED, lines)}</div></section>'


def _usd(amount: float) -> str:
    return dollars(amount)


def _panel(panel: Panel) -> str:
    """A question with its answer, its figure, and the numbers behind it."""
    name = f'id="figure-{text(panel.key)}" role="img" aria-label="{text(panel.answer)}"'
    figure = f'<div class="scroll"><div class="figure" {name}></div></div>' if panel.figure is not None else ""
    remark = f'<p class="remark">{text(panel.remark)}</p>' if panel.remark else ""
    numbers = details("The numbers", table(panel.headers, panel.rows, caption=panel.question)) if panel.rows else ""
    answer = f'<p class="answer">{text(panel.answer)}</p>'
    return f"<section><h2>{text(panel.question)}</h2>{answer}{figure}{remark}{numbers}</section>"


def _message(message: Message) -> str:
    return f'<p class="role">{text(message.role)}</p><pre>{text(message.content)}</pre>'


def _browser(found: Exhibition | None) -> str:
    """What the winner made of some examples, to be read."""
    if found is None or not found.shown:
        return ""
    return f'<section id="samples"><h2>The winner&rsquo;s samples</h2>{render_exhibition(found)}</section>'


def _spend(findings: Findings) -> str:
    """What was spent of every limit; a bar where there is one."""
    spend, budget = findings.spend, findings.budget
    lines = (
        ("Completions", f"{spend.calls:,}", spend.calls, budget.calls),
        ("Tokens", f"{spend.tokens:,}", spend.tokens, budget.tokens),
        ("US dollars", _usd(spend.usd), spend.usd, budget.usd),
        ("Seconds", f"{findings.seconds:,.0f}", findings.seconds, budget.wall_clock_s),
    )
    rows = "".join(
        f'<tr><td>{name}</td><td class="number">{text(said)}</td><td class="number">{_limit(limit)}</td>'
        f"<td>{_bar(used, limit)}</td></tr>"
        for name, said, used, limit in lines
    )
    head = '<tr><th></th><th class="number">Spent</th><th class="number">Limit</th><th>Share</th></tr>'
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _limit(limit: float | None) -> str:
    return "none" if limit is None else f"{limit:,.10g}"


def _bar(used: float, limit: float | None) -> str:
    if not limit:
        return ""
    share = used / limit
    return f'<progress max="1" value="{min(1.0, share):.4f}">{percent(share)}</progress> {percent(share)}'
