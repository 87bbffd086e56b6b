"""Gates: what a study has to reach, and the report of it that build servers read (JUnit's XML)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from jointopt.analysis import Estimate, Findings, Preferred, percent, verdict, weights
from jointopt.reports.markup import plain

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEAR = 1e-12  # a score this close below a bound reaches it: means are sums of floats
State = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that a study is held against.

    Attributes:
        name: what is asked.
        state: ``skipped`` where nothing is asked of it, or it could not be honestly told.
        said: why.
        numbers: behind it, unrounded, by name.
    """

    name: str
    state: State
    said: str
    numbers: tuple[tuple[str, str], ...]


def hold_against(findings: Findings, fail_under: float | None = None) -> tuple[Gate, ...]:
    """The winner against a bound, then the policy for each further preference of the study.

    The winner's mean score on the sealed examples has to reach the bound; not the lower end of its interval, which is
    told beside it. A study without a sealed score fails. What further preferences chose has dev scores only, which are
    flattered by the choice: it is told, and held against nothing.

    Args:
        findings: of the study.
        fail_under: the bound, 0 to 1; None asks nothing.
    """
    return _winner(findings, fail_under), *map(_preferred, findings.preferred)


def _winner(findings: Findings, bound: float | None) -> Gate:
    winner = findings.winner
    numbers = [("policy", str(winner.policy)), *_numbers("sealed", winner.sealed), *_numbers("dev", winner.dev)]
    costs = ("cost_usd", winner.cost_usd), ("tokens", winner.tokens), ("latency_s", winner.latency_s)
    numbers += [(name, repr(value)) for name, value in costs]
    if winner.sealed is None:
        said = f"the winner {winner.policy} was scored on no sealed example: run the study to its end"
        state: State = "skipped" if bound is None else "failed"
    else:
        ends = f"95% interval {percent(winner.sealed.low)} to {percent(winner.sealed.high)}"
        said = f"{percent(winner.sealed.mean)} on {findings.counts.sealed} sealed examples ({ends})"
        state = "passed" if bound is None or winner.sealed.mean >= bound - _NEAR else "failed"
    asked = "" if bound is None else f" is at least {percent(bound)}"
    return Gate(f"the winner's sealed score{asked}", state, said, tuple(numbers))


def _preferred(found: Preferred) -> Gate:
    numbers = [("policy", str(found.policy)), *_numbers("dev", found.score), ("utility", repr(found.utility))]
    numbers += [("cost_usd", repr(found.cost_usd)), ("tokens", repr(found.tokens))]
    said = f"{found.policy}: {percent(found.score.mean)} on dev, where it was chosen: held against nothing"
    return Gate(f"the policy for {weights(found.preference)}", "skipped", said, tuple(numbers))


def _numbers(half: str, estimate: Estimate | None) -> list[tuple[str, str]]:
    if estimate is None:
        return []
    ends = (("score", estimate.mean), ("low", estimate.low), ("high", estimate.high))
    return [(f"{half}_{name}", repr(float(value))) for name, value in ends]


def to_junit(findings: Findings, gates: Sequence[Gate]) -> str:
    """The gates as JUnit's XML, one test case for each, the verdict as what was printed."""
    counts = {
        "tests": len(gates),
        "failures": _count(gates, "failed"),
        "errors": 0,
        "skipped": _count(gates, "skipped"),
    }
    named = {name: str(number) for name, number in counts.items()}
    root = ElementTree.Element("testsuites", {"name": "jointopt", **named})
    suite = ElementTree.SubElement(root, "testsuite", {"name": _legal(findings.study), **named, "time": "0"})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("task", findings.task), ("digest", findings.digest), ("command", findings.command)):
        ElementTree.SubElement(properties, "property", {"name": name, "value": _legal(value)})
    for gate in gates:
        _case(suite, findings.study, gate)
    ElementTree.SubElement(suite, "system-out").text = _legal("\n".join(verdict(findings)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _count(gates: Sequence[Gate], state: State) -> int:
    return sum(gate.state == state for gate in gates)


def _case(suite: ElementTree.Element, study: str, gate: Gate) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", {"classname": _legal(study), "name": _legal(gate.name), "time": "0"}
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in gate.numbers:
        ElementTree.SubElement(properties, "property", {"name": name, "value": _legal(value)})
    if gate.state == "failed":
        failure = ElementTree.SubElement(case, "failure", {"message": _legal(gate.said), "type": "gate"})
        failure.text = _legal(f"{gate.name}: {gate.said}")
    elif gate.state == "skipped":
        ElementTree.SubElement(case, "skipped", {"message": _legal(gate.said)})
    ElementTree.SubElement(case, "system-out").text = _legal(gate.said)


def _legal(words: str) -> str:
    """Words that XML can hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", plain(words))
