"""``jointopt compare``."""

import json
from collections.abc import Iterator

import typer

from jointopt.analysis import (
    Contender,
    Estimate,
    Findings,
    judge_joint,
    need_choices,
    percent,
    points,
    to_json,
    weights,
)
from jointopt.cli.arguments import AsJson, Force, StudyFile, read_plan
from jointopt.cli.progress import watch
from jointopt.cli.signals import stoppable
from jointopt.domain import Preference
from jointopt.errors import NothingToReport
from jointopt.study import Study


def compare(study: StudyFile, as_json: AsJson = False, force: Force = False) -> None:
    """Run a study as ``jointopt run`` does, and set joint search against tuning prompt and strategy apart."""
    plan = read_plan(study)
    need_choices(plan.space)
    show = watch(as_json=as_json)
    with stoppable(), show, Study(plan, force=force, on_progress=show.update) as opened:
        findings = opened.run()
    if not findings.comparison:
        raise NothingToReport(
            f"nothing was compared: {findings.comparison_note}",
            where=f"study {plan.name!r}",
            mend="raise the budget in the study file, and run again with --force",
        )
    if as_json:
        typer.echo(json.dumps(to_json({"comparison": told(findings), "verdict": judge_joint(findings)})))
        return
    for line in lines(findings):
        typer.echo(line)


def told(findings: Findings) -> list[object]:
    """The contenders as plain values, each with the calls that it might use and what became of joint against it."""
    joint = findings.comparison[0]
    return [
        {"allowed_calls": joint.calls, "outcome": outcome(findings, entry), "contender": entry}
        for entry in findings.comparison
    ]


def lines(findings: Findings) -> Iterator[str]:
    """The comparison as it is printed."""
    joint, *rivals = findings.comparison
    yield f"Each procedure might look at {joint.calls:,} completions, as many as joint search asked for; less where"
    yield "the recorded table held no more, or the rest did not pay for another round."
    for entry in findings.comparison:
        yield from ("", f"{entry.procedure}: {entry.policy}", f"  looked at     {_looked(entry)}")
        yield f"  dev           {percent(entry.dev_score)} (flattered: chosen on these examples)"
        yield f"  sealed        {_between(entry.sealed)}"
        if entry.difference:
            yield f"  joint - this  {_gap(entry)}: {outcome(findings, entry)}"
    examples = rivals[0].difference.examples if rivals and rivals[0].difference else 0
    yield from ("", f"Differences: paired, on the {examples} sealed examples, which no procedure saw.")
    if findings.preference != Preference():
        yield f"They are differences of utility: {weights(findings.preference)}."
    yield judge_joint(findings)


def outcome(findings: Findings, entry: Contender) -> str:
    """What became of joint search against one procedure, corrected for all of them; empty for joint itself."""
    found = entry.difference
    if found is None:
        return ""
    if entry.policy == findings.comparison[0].policy:
        return "the same policy"
    if not findings.told_apart[entry.procedure]:
        return "no difference shown"
    return "joint better" if found.low > 0 else "joint worse"


def _looked(entry: Contender) -> str:
    """What a procedure used, and what it means where that was nothing."""
    return f"{entry.calls:,} completions" if entry.calls else "none: too few for one example, so it kept the default"


def _between(found: Estimate) -> str:
    return f"{percent(found.mean)} (95% interval {percent(found.low)} to {percent(found.high)})"


def _gap(entry: Contender) -> str:
    """The difference in points, with interval and p."""
    found = entry.difference
    if found is None:
        return ""
    ends = f"{points(found.low)} to {points(found.high)}"
    return f"{points(found.mean)} points, 95% interval {ends}, p = {found.p:.2g}"
