"""Every policy that was judged as one row, for spreadsheets and scripts: the report's numbers, unrounded."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jointopt.analysis import Estimate, Standing
from jointopt.reports.markup import plain

_FORMULA = set("=+-@\t\n\uff1d\uff0b\uff0d\uff20")  # the last four are the first, written wide
COLUMNS = (
    "place policy winner prompt model mode temperature slots strategy options n dev_score dev_low dev_high "
    "dev_examples sealed_score sealed_low sealed_high sealed_examples utility cost_usd tokens latency_s "
    "unreadable samples"
).split()

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A policy in the ranking.

    Attributes:
        standing: where it stands.
        winner: whether it is the one to ship.
        dev: examples that it was judged on.
        sealed: examples that it was scored on at the end; 0 where it was not.
        utility: on dev, under the study's preference.
        samples: that each dev example's estimate rests on, at least.
    """

    standing: Standing
    winner: bool
    dev: int
    sealed: int
    utility: float
    samples: int


def to_csv(ranked: Sequence[Ranked]) -> str:
    """One line for each policy below a line of column names: the winner, then those judged on the most examples, of
    these the best by utility first.

    Scores are 0 to 1; costs, tokens and seconds are of one answer. What a spreadsheet would take for a formula has an
    apostrophe before it.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    for place, one in enumerate(ranked, start=1):
        lines.writerow([_cell(value) for value in _row(place, one)])
    return written.getvalue()


def _row(place: int, one: Ranked) -> tuple[Cell, ...]:
    """In the order of `COLUMNS`."""
    found, policy = one.standing, one.standing.policy
    source = policy.source
    chosen = place, str(policy), "yes" if one.winner else "no", source.prompt, source.model, source.mode
    slots, options = dict(source.slots), dict(policy.options)
    how = source.temperature, _words(slots), policy.strategy, _words(options), policy.n
    scores = (*_ends(found.dev), one.dev, *_ends(found.sealed), one.sealed or None, one.utility)
    return (*chosen, *how, *scores, found.cost_usd, found.tokens, found.latency_s, found.unreadable, one.samples)


def _words(named: Mapping[str, object]) -> str:
    return json.dumps(named, ensure_ascii=False) if named else ""


def _ends(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (estimate.mean, estimate.low, estimate.high) if estimate else (None, None, None)


def _cell(value: Cell) -> Cell:
    """Numbers as they are; words so that no spreadsheet calculates with them."""
    if not isinstance(value, str):
        return value
    words = plain(value)
    return f"'{words}" if _FORMULA & set(words[:1]) else words
