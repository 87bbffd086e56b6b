"""Puts the figures and the verdict where Optuna Dashboard shows them. It knows the dashboard's store, not Optuna."""

import re
from typing import Any

from optuna_dashboard import save_note, save_plotly_graph_object

from jointopt.analysis import Findings, verdict
from jointopt.reports.figures import FIGURES, showable, titled, words

_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~>$-])")


def publish(study: Any, findings: Findings) -> None:
    """Publish figures and a note; publishing again replaces them.

    Args:
        study: the `optuna.Study` that the dashboard shows. `Any`, because only the search may name Optuna's types.
        findings: what the study taught.
    """
    for draw in FIGURES:
        panel = draw(findings)
        figure = words(panel.answer) if panel.figure is None else titled(panel.figure, panel.answer)
        save_plotly_graph_object(study, figure, graph_object_id=f"jointopt-{panel.key}")
    save_note(study, note(findings))


def note(findings: Findings) -> str:
    """The verdict and the winner's prompt in Markdown, with nobody's words read as markup."""
    sentences = "\n\n".join(map(_inert, verdict(findings)))
    turns = "\n\n".join(f"**{_inert(turn.role)}**\n\n{_quoted(turn.content)}" for turn in findings.prompt)
    again = _quoted(findings.command)
    return (
        f"## What the study taught\n\n{sentences}\n\n### The winner's prompt\n\n{turns}\n\n### Do it again\n\n{again}\n"
    )


def _inert(said: str) -> str:
    """Words that Markdown leaves as they are."""
    return _MARKS.sub(r"\\\1", showable(said).replace("&", "&amp;").replace("<", "&lt;"))


def _quoted(said: str) -> str:
    """Words as an indented block of code, which nothing inside can end."""
    return "\n".join(f"    {line}" for line in showable(said).splitlines())
