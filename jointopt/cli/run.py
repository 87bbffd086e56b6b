"""``jointopt run``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import Findings, to_json, verdict
from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.cli.progress import Lines, Live
from jointopt.study import Study


def run(
    study: StudyFile,
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option("--force", help="Go on although the study file has changed.")] = False,
    report: Annotated[Path | None, typer.Option(help="Where the page goes; beside the study file by default.")] = None,
) -> None:
    """Run a study to its end, write the report, and print the verdict."""
    plan = read_plan(study)
    page = report or plan.path.parent / f"{plan.name}-report.html"
    show = Live() if sys.stderr.isatty() and not as_json else Lines()
    with show, Study(plan, force=force, on_progress=show.update) as opened:
        findings = opened.run()
        page.write_text(opened.report(findings), encoding="utf-8")
    _print(findings, page, as_json=as_json)


def _print(findings: Findings, page: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"findings": to_json(findings), "verdict": verdict(findings), "report": str(page)}))
        return
    for line in verdict(findings):
        typer.echo(line)
    typer.echo(f"report: {page}")
