"""``jointopt report``."""

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import Findings, to_json, verdict
from jointopt.cli.arguments import AsJson, StudyFile
from jointopt.cli.reading import beside, open_to_read
from jointopt.cli.writing import keep_clear, prints, write
from jointopt.errors import UserError
from jointopt.reports import Gate, hold_against, to_csv, to_junit
from jointopt.study import Study

UNDER = 100  # the exit code where a gate is not passed

Output = Annotated[Path | None, typer.Option("-o", "--output", help="The page; beside the study file if left out.")]
Rows = Annotated[Path | None, typer.Option("--csv", help="Every policy as a row of a table, into a file; - prints it.")]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="The gates, for build servers: JUnit's XML, into a file; - prints it.")
]
FailUnder = Annotated[
    float | None,
    typer.Option(
        "--fail-under",
        metavar="SCORE",
        help=f"End with exit code {UNDER} where the winner's mean score on the sealed examples is under this, 0 to 1.",
    ),
]


def report(
    study: StudyFile,
    output: Output = None,
    as_json: AsJson = False,
    rows: Rows = None,
    junit: Junit = None,
    fail_under: FailUnder = None,
) -> None:
    """Write the page, or the same numbers as JSON, CSV or JUnit's XML; nothing is asked of a model."""
    if fail_under is not None and not (isfinite(fail_under) and 0 <= fail_under <= 1):
        mend = "write a share, 0.8 for 80%"
        raise UserError(f"{fail_under:g} is no score", where="--fail-under", mend=mend)
    _refuse_mixture({"--json": as_json, "--csv": prints(rows), "--junit": prints(junit), "--output": prints(output)})
    with open_to_read(study) as opened:
        keep_clear(opened.plan, {"--output": output, "--csv": rows, "--junit": junit}, study=study)
        findings = opened.findings()
        gates = hold_against(findings, fail_under)
        if rows:
            write(rows, to_csv(opened.ranked()))
        if junit:
            write(junit, to_junit(findings, gates))
        if as_json:
            typer.echo(
                json.dumps({"findings": to_json(findings), "verdict": verdict(findings), "gates": to_json(gates)})
            )
        if output or not (rows or junit or as_json):
            page = output or beside(study, f"{findings.study}-report.html")
            _write_page(opened, findings, page, quiet=as_json or prints(rows) or prints(junit))
    _judge(gates)


def _refuse_mixture(printed: Mapping[str, bool]) -> None:
    """Two formats on one standard output are neither."""
    both = [option for option, chosen in printed.items() if chosen]
    if len(both) > 1:
        mend = f"print one, and give {both[1]} a file"
        raise UserError("only one can be printed", where=" and ".join(both), mend=mend)


def _write_page(opened: Study, findings: Findings, page: Path, *, quiet: bool) -> None:
    write(page, opened.report(findings))
    if not prints(page):
        typer.echo(f"report: {page}", err=quiet)


def _judge(gates: tuple[Gate, ...]) -> None:
    """End with a code of its own where a gate is not passed."""
    failed = [gate for gate in gates if gate.state == "failed"]
    for gate in failed:
        typer.echo(f"jointopt: not so: {gate.name}: {gate.said}", err=True)
    if failed:
        raise typer.Exit(UNDER)
