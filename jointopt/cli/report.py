"""``jointopt report``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import to_json, verdict
from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.study import Study


def report(
    study: StudyFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The page; beside the study file if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the page, or print the findings; nothing is asked of a model."""
    plan = read_plan(study)
    with Study(plan, create=False) as opened:
        findings = opened.findings()
        if as_json:
            typer.echo(json.dumps({"findings": to_json(findings), "verdict": verdict(findings)}))
            return
        page = output or plan.path.parent / f"{plan.name}-report.html"
        page.write_text(opened.report(findings), encoding="utf-8")
    typer.echo(f"report: {page}")
