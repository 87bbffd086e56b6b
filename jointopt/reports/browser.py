"""The page's browser of samples: what was asked, what came back, how it was counted, and whether that was right.

Every exhibit is plain markup that opens on demand; the page's script only hides some and opens others, so it can be
read without one, and printed.
"""

from jointopt.analysis import percent
from jointopt.domain import Message
from jointopt.reports.exhibits import Exhibit, Exhibition, Tally, Witness, say, say_answers
from jointopt.reports.markup import details, plain, table, text

LONGEST = 4_000  # characters of a text that a page shows
SAMPLES = 16  # of an exhibit that a page shows
MARKS = {
    "right": "\N{CHECK MARK}",
    "wrong": "\N{MULTIPLICATION SIGN}",
    "in part": "\N{ALMOST EQUAL TO}",
    "not played": "\N{MIDDLE DOT}",
}
_DOT = " \N{MIDDLE DOT} "
_SUMMARY = 110  # characters of a question in a summary
_WEIGHED = ("Answer", "Votes", "Weight", "Chance to be returned", "Mark")
_COUNTED = ("Answer", "Votes", "Chance to be returned", "Mark")


def render_exhibition(found: Exhibition) -> str:
    """The section's inside."""
    verdicts = [exhibit.verdict for exhibit in found.shown]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in MARKS if verdict in verdicts)
    some = f"{len(found.shown):,} of {found.total:,} examples are shown" if found.total else "No example is shown"
    said = (
        f"{some}, in the study's order, the sealed half first: {counts}. Each is one play of the strategy on the first "
        "samples that were drawn; a score is the mean over all draws of as many. `jointopt samples` shows the others."
    )
    choices = "".join(f'<option value="{text(verdict)}">{text(verdict)}</option>' for verdict in MARKS)
    controls = (
        '<div class="controls" id="controls" hidden><label>Show <select id="verdicts"><option value="">all</option>'
        f'{choices}</select></label><label>Find <input id="find" type="search" autocomplete="off"></label>'
        '<button type="button" id="previous">Previous</button><button type="button" id="next">Next</button>'
        '<span id="found" role="status"></span></div>'
    )
    return f"<p>{text(said)}</p>{controls}{''.join(map(_exhibit, found.shown))}"


def _exhibit(exhibit: Exhibit) -> str:
    question = " ".join(plain(exhibit.question).split())
    short = question if len(question) <= _SUMMARY else question[: _SUMMARY - 1] + "\N{HORIZONTAL ELLIPSIS}"
    head = (
        f'<span class="mark">{MARKS[exhibit.verdict]}</span> <bdi>{text(exhibit.example)}</bdi> '
        f"<span>{text(exhibit.verdict)}</span> <bdi>{text(short)}</bdi>"
    )
    facts = (
        ("Question", exhibit.question),
        ("Reference", exhibit.reference),
        ("Answer", say_answers(exhibit)),
        ("Verdict", _verdict(exhibit)),
    )
    listed = "".join(f"<div><dt>{text(name)}</dt><dd>{_cut(value)}</dd></div>" for name, value in facts)
    inside = (
        f'<dl class="exhibit">{listed}</dl>{_tallies(exhibit.tallies)}'
        f"{details('The prompt as it was sent', ''.join(map(_message, exhibit.messages)))}{_samples(exhibit)}"
    )
    verdict = text(exhibit.verdict)
    return f'<details class="exhibit" data-verdict="{verdict}"><summary>{head}</summary>{inside}</details>'


def _verdict(exhibit: Exhibit) -> str:
    expected = "" if exhibit.expected is None else f"; {percent(exhibit.expected)} over all draws"
    mark = "" if exhibit.mark is None else f" ({percent(exhibit.mark)} in this play{expected})"
    return f"{exhibit.verdict}{mark}, {exhibit.half}"


def _tallies(tallies: tuple[Tally, ...]) -> str:
    if not tallies:
        return ""
    weighed = any(tally.weight is not None for tally in tallies)
    rows = [
        (
            *(_short(say(tally.answer)), str(tally.votes)),
            *((percent(tally.weight or 0.0),) if weighed else ()),
            *(percent(tally.chance), percent(tally.mark)),
        )
        for tally in tallies
    ]
    return table(_WEIGHED if weighed else _COUNTED, rows)


def _samples(exhibit: Exhibit) -> str:
    shown = exhibit.samples[:SAMPLES]
    left = len(exhibit.samples) - len(shown)
    more = f'<p class="remark">{left:,} more samples are left out here.</p>' if left else ""
    return "".join(map(_sample, shown)) + more


def _sample(sample: Witness) -> str:
    told = [f"sample {sample.replicate}", f"{sample.tokens:,} tokens", f"{sample.latency_s:.2g} s", sample.finish]
    told += [f"rating {sample.rating:.3g}"] if sample.rating is not None else []
    if sample.error is not None:
        told.append(f"failed: {sample.error}")
    told.append(f"answer {_short(say(sample.answer))}, mark {sample.mark:.3g}" if sample.counted else "not counted")
    reasoning = details("Reasoning", f"<pre>{_cut(sample.reasoning)}</pre>") if sample.reasoning else ""
    head = f'<p class="role">{text(_DOT.join(told))}</p>'
    return f"{head}{reasoning}" + (f"<pre>{_cut(sample.text)}</pre>" if sample.text or not sample.error else "")


def _message(message: Message) -> str:
    return f'<p class="role">{text(message.role)}</p><pre>{_cut(message.content)}</pre>'


def _short(said: str, most: int = 200) -> str:
    return said if len(said) <= most else said[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _cut(said: str) -> str:
    """As much of a text as a page bears, and how much more there is."""
    left = len(said) - LONGEST
    return text(said if left <= 0 else f"{said[:LONGEST]}\N{HORIZONTAL ELLIPSIS} ({left:,} more characters)")
