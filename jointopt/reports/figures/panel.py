"""What every figure comes with: its question, the answer in a sentence, and the numbers behind it."""

from dataclasses import dataclass, replace

import plotly.graph_objects as go

from jointopt.analysis.words import MINUS, hundredths
from jointopt.domain import Policy
from jointopt.reports.figures.theme import cut, label

NARROW = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One question, one figure.

    Attributes:
        key: stable name, fit for an HTML id.
        question: what the figure is about.
        answer: one or two sentences; where there is no figure, why.
        figure: None where it cannot be drawn.
        headers: of the numbers.
        rows: the numbers, as text.
        remark: how to read the figure, where that is not plain.
    """

    key: str
    question: str
    answer: str
    figure: go.Figure | None = None
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    remark: str = ""


def span(low: float, high: float, *, digits: int = 1) -> str:
    """An interval of shares or scores, both ends as percentages."""
    ends = hundredths(low, digits), hundredths(high, digits)
    return f"{(' to ' if MINUS in ''.join(ends) else NARROW).join(ends)}%"


def policy_label(policy: Policy) -> str:
    """A policy as a label; of a long prompt's name the middle is cut out, and the rest can still be read."""
    short = replace(policy.source, prompt=cut(policy.source.prompt, 32))
    return label(str(replace(policy, source=short)), width=110)
