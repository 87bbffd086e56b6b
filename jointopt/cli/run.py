"""``jointopt run``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import Findings, to_json, verdict
from jointopt.cli.arguments import AsJson, Force, StudyFile, WarmStartFrom, read_plan, start_from
from jointopt.cli.progress import watch
from jointopt.study import Study


def run(
    study: StudyFile,
    as_json: AsJson = False,
    force: Force = False,
    report: Annotated[Path | None, typer.Option(help="Where the page goes; beside the study file by default.")] = None,
    warm_start: WarmStartFrom = None,
) -> None:
    """Run a study to its end, write the report, and print the verdict."""
    plan = start_from(read_plan(study), warm_start)
    page = report or plan.path.parent / f"{plan.name}-report.html"
    show = watch(as_json=as_json)
    with show, Study(plan, force=force, on_progress=show.update) as opened:
        findings = opened.run()
        page.write_text(opened.report(findings), encoding="utf-8")
        unwatched = opened.unwatched()
    for model, why in unwatched.items():
        typer.echo(f"model {model!r} is not watched for change: {why}", err=True)
    _print(findings, page, as_json=as_json)


def _print(findings: Findings, page: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"findings": to_json(findings), "verdict": verdict(findings), "report": str(page)}))
        return
    for line in verdict(findings):
        typer.echo(line)
    typer.echo(f"report: {page}")
