"""Gates and JUnit's XML: a case for each, honest about what was not held against anything, and always XML."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from jointopt.analysis import Estimate, Findings, Preferred
from jointopt.domain import Preference
from jointopt.reports import hold_against, to_junit


def _preferred(findings: Findings, score: float) -> Preferred:
    estimate = Estimate(score, score - 0.1, score + 0.1)
    return Preferred(Preference(tokens=0.5), findings.winner.policy, 0.1, estimate, 0.001, 61.0)


@pytest.mark.parametrize(
    ("bound", "state"), [(None, "passed"), (0.7, "passed"), (0.7000001, "failed"), (0.0, "passed")]
)
def test_the_mean_is_held_against_the_bound(findings: Findings, bound: float | None, state: str) -> None:
    """Not an end of the interval, which is told beside it; a score that reaches the bound passes."""
    winner = replace(findings.winner, sealed=Estimate(0.1 + 0.6, 0.6, 0.8))
    (gate,) = hold_against(replace(findings, winner=winner), bound)
    assert gate.state == state and "60.0% to 80.0%" in gate.said and "40 sealed examples" in gate.said


def test_a_winner_without_a_sealed_score_passes_nothing(findings: Findings) -> None:
    """It fails where something is asked of it, and is left out where nothing is."""
    unscored = replace(findings, winner=replace(findings.winner, sealed=None))
    assert hold_against(unscored, 0.0)[0].state == "failed"
    assert hold_against(unscored)[0].state == "skipped"
    assert "run the study to its end" in hold_against(unscored)[0].said


def test_what_was_chosen_and_scored_on_dev_is_held_against_nothing(findings: Findings) -> None:
    """A case for each preference, left out with the reason, however low its score is."""
    found = replace(findings, preferred=(_preferred(findings, 0.2), _preferred(findings, 0.9)))
    gates = hold_against(found, 0.5)
    assert [gate.state for gate in gates[1:]] == ["skipped", "skipped"]
    root = ElementTree.fromstring(to_junit(found, gates))
    assert [case.attrib["name"] for case in root.iter("testcase")] == [gate.name for gate in gates]
    assert root.attrib | {"name": ""} == {"name": "", "tests": "3", "failures": "0", "errors": "0", "skipped": "2"}


def test_no_name_breaks_the_xml(hostile: Findings) -> None:
    """Tags, half characters and what XML cannot hold stay words or become marks."""
    found = replace(hostile, preferred=(_preferred(hostile, 0.2),))
    written = to_junit(found, hold_against(found, 1.0))
    root = ElementTree.fromstring(written.encode())
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] in (failure.text or "")
    assert "<script>alert(1)</script>" in root.find("testsuite").attrib["name"]  # type: ignore[union-attr]  # it parsed
    assert not set(written) & set("\x00\x1b\ud800\u202e\ufffe")
