"""What Optuna Dashboard's notes say, in Markdown that nobody's words break out of: no tag, picture or link is theirs.

It knows trials by a few attributes, not Optuna.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jointopt.analysis import Findings, percent, verdict, weights
from jointopt.analysis.words import dollars
from jointopt.domain import Message, Prompt
from jointopt.reports.figures import showable

LONGEST = 2_500  # characters of a turn in a note: every 2,045 of a note are a transaction
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~>$-])")
_LINKED = re.compile(r"(https?:|ftp:|mailto:|xmpp:|www|@)", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"  # unseen; what looked like an address is none with it

Trial = Any  # a frozen trial of Optuna's, which only the search may name


def note(findings: Findings, links: Sequence[tuple[str, str]] = ()) -> str:
    """The study's note: the verdict, the best policy under every preference, and the winner's prompt.

    Args:
        findings: what the study taught.
        links: title and address within the dashboard.
    """
    parts = ["## What the study taught", *map(inert, verdict(findings)), *_preferred(findings)]
    if links:
        parts.append("### Look closer\n\n" + "\n".join(f"- [{inert(title)}]({address})" for title, address in links))
    parts += ["### The winner's prompt", *_turns(findings.prompt), "### Do it again", quoted(findings.command)]
    return "\n\n".join(parts) + "\n"


def trial_title(trial: Trial) -> str:
    """A trial's value, and how much that rests on."""
    examples = json.loads(trial.user_attrs["scorecard"])["examples"]
    return f"Trial {trial.number}: {trial.value:.4f}, on {examples} dev examples"


def trial_note(trial: Trial, prompts: Mapping[str, Prompt]) -> str:
    """A trial's note: policy, scorecard, parameters and the prompt's text; empty where it has no scorecard."""
    if "scorecard" not in trial.user_attrs:
        return ""
    seen = json.loads(trial.user_attrs["scorecard"])
    low, high = seen["interval"]
    score = f"{percent(seen['score'])} ({percent(low)} to {percent(high)}), on {seen['examples']} dev examples"
    score += ", when the trial ended"
    lines = [("Score (95% interval)", score), ("Tokens of an answer", f"{seen['tokens']:,.0f}")]
    lines += [("Cost of an answer", dollars(seen["cost_usd"]))] if seen["cost_usd"] else []
    lines += [(name, str(value)) for name, value in trial.params.items()]
    name = trial.params.get("prompt") or next(iter(prompts), "")  # a parameter of one choice is no parameter
    prompt = prompts.get(name)
    turns = [] if prompt is None else [turn for turn in (("system", prompt.system), ("user", prompt.user)) if turn[1]]
    text = _turns([Message(role, content) for role, content in turns])
    return "\n\n".join([f"## {inert(seen['policy'])}", _table(("", ""), lines), *text]) + "\n"


def _preferred(findings: Findings) -> list[str]:
    """The table of preferences and their policies; nothing where the study has one preference."""
    if not findings.preferred:
        return []
    rows = [
        (weights(one.preference), str(one.policy), percent(one.score.mean), f"{one.utility:.3f}")
        for one in findings.preferred
    ]
    head = ("What counts", "Chosen on dev (flattered)", "Score", "Utility")
    return ["### The best policy under every preference", _table(head, rows)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([inert(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _turns(messages: Sequence[Message]) -> list[str]:
    return [f"**{inert(one.role)}**\n\n{quoted(one.content)}" for one in messages]


def inert(said: str) -> str:
    """Words in one line that Markdown leaves as they are."""
    flat = _LINKED.sub(rf"\1{_JOINER}", " ".join(showable(said).split()))
    return _MARKS.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;"))


def quoted(said: str) -> str:
    """Words as an indented block of code, which nothing inside can end; of very long ones only the beginning."""
    left = len(said) - LONGEST
    shown = said if left <= 0 else f"{said[:LONGEST]}\n({left:,} more characters)"
    return "\n".join(f"    {line}" for line in showable(shown).splitlines())
