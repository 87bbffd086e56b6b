"""Notes in Markdown: everybody's words are words."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from jointopt.analysis import Estimate, Findings, Preferred
from jointopt.domain import Preference, Prompt
from jointopt.reports import note
from jointopt.reports.notes import LONGEST, inert, quoted, trial_note
from tests.reports.conftest import HOSTILE

SEEN = {"policy": HOSTILE, "score": 0.5, "interval": [0.4, 0.6], "examples": 30, "cost_usd": 0.0, "tokens": 61.0}


@dataclass
class Told:
    """A trial as Optuna hands it out, as far as a note reads it."""

    params: dict[str, Any] = field(default_factory=dict)
    user_attrs: dict[str, Any] = field(default_factory=lambda: {"scorecard": json.dumps(SEEN)})


def _outside(body: str) -> str:
    """What a reader of Markdown takes for more than code."""
    return "\n".join(line for line in body.splitlines() if not line.startswith("    "))


def test_the_note_reads_nobody_as_markup(hostile: Findings) -> None:
    """Tags, links and half characters in names and prompts stay text, in the study's note and in a trial's."""
    prompt = Prompt("bad", f"{HOSTILE}\n\n# {HOSTILE}\n```\n![x](http://evil.test/a.png)", system=HOSTILE)
    for body in (note(hostile), trial_note(Told({"prompt": "bad", HOSTILE: HOSTILE}), {"bad": prompt})):
        assert "<script" not in _outside(body) and not re.search(r"(?<!\\\\)[<\[!]\\?\(?javascript", _outside(body))
        assert "[x](" not in _outside(body) and "![" not in _outside(body)
        body.encode()


@pytest.mark.parametrize(
    "said", ["http://evil.test", "HTTPS://evil.test", "www.evil.test", "me@evil.test", "mailto:me@evil.test"]
)
def test_what_looks_like_an_address_is_no_link(said: str) -> None:
    """Dashboards make links of bare addresses: an unseen joiner keeps these words, and no click leaves by them."""
    assert not re.search(r"(?i)https?://|www\.|\w@\w", inert(said).replace("\\", ""))
    assert inert(said).replace("\N{WORD JOINER}", "").replace("\\", "") == said


def test_lines_cannot_begin_a_part_of_their_own() -> None:
    """A name with line ends stays one line, and a table keeps its columns."""
    assert inert("a\n\n# b | c") == "a \\# b \\| c"
    assert all(line.startswith("    ") for line in quoted("a\n```\n</code>\n# b").splitlines())


def test_a_long_prompt_is_cut_and_says_so() -> None:
    """Every 2,045 characters of a note are a transaction."""
    body = trial_note(Told(), {"only": Prompt("only", "x" * (LONGEST + 1_234))})
    assert "(1,234 more characters)" in body and len(body) < LONGEST + 1_000


def test_a_parameter_of_one_choice_is_no_parameter(findings: Findings) -> None:
    """The only prompt of a study is the trial's, though Optuna does not know it; a trial without a card has no note."""
    assert "only words" in trial_note(Told(), {"only": Prompt("only", "only words")})
    assert trial_note(Told(user_attrs={}), {}) == ""


def test_preferences_and_their_policies_are_a_table(findings: Findings) -> None:
    """One row for each, with what counts, the policy, its score and utility; none without a grid."""
    assert "under every preference" not in note(findings)
    policy = findings.winner.policy
    found = Preferred(Preference(tokens=0.05), policy, 0.7, Estimate(0.74, 0.6, 0.8), 0.001, 900.0)
    body = note(replace(findings, preferred=(found,)))
    row = next(line for line in body.splitlines() if "5 points per 1,000 tokens" in line)
    assert "74.0%" in row and "0.700" in row and row.count(" | ") == 3
