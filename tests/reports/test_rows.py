"""Policies as rows: numbers that a script reads back, and words that no spreadsheet calculates with."""

import csv
import io
from dataclasses import replace

import pytest

from jointopt.analysis import Findings
from jointopt.reports import COLUMNS, Ranked, to_csv


def _read(findings: Findings, prompt: str) -> dict[str, str]:
    policy = findings.winner.policy
    named = replace(policy, source=replace(policy.source, prompt=prompt), options=(("ask", prompt),))
    written = to_csv([Ranked(replace(findings.winner, policy=named), True, 60, 40, -0.25, 16)])
    (row,) = csv.DictReader(io.StringIO(written))
    return row


def test_numbers_are_read_back_as_they_were(findings: Findings) -> None:
    """Every digit of every number, negative ones too, in the columns that the header names."""
    row, winner = _read(findings, "steps"), findings.winner
    assert tuple(row) == tuple(COLUMNS)
    assert winner.sealed is not None
    assert float(row["dev_low"]) == winner.dev.low and float(row["sealed_high"]) == winner.sealed.high
    assert float(row["cost_usd"]) == winner.cost_usd and float(row["utility"]) == -0.25
    assert (row["place"], row["winner"], row["n"], row["dev_examples"]) == ("1", "yes", str(winner.policy.n), "60")


def test_what_was_not_scored_is_empty(findings: Findings) -> None:
    """No sealed score is no zero."""
    row = to_csv([Ranked(replace(findings.winner, sealed=None), False, 60, 0, 0.5, 16)]).splitlines()[1]
    assert ",60,,,,,0.5," in row


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\x00="])
def test_no_word_becomes_a_formula(findings: Findings, start: str) -> None:
    """Words that begin as a formula does get an apostrophe, and no control character is left."""
    row = _read(findings, f'{start}HYPERLINK("http://evil","x")')
    for name in ("prompt", "policy", "options"):
        assert row[name][0] not in "=+-@\t\r\n\uff1d\x00"
    assert "HYPERLINK" in row["prompt"]
