"""What `run` and `resume` share: a study is run to its end, with local workers where they are asked for."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import Findings, to_json, verdict
from jointopt.cli.hands import local_workers
from jointopt.cli.progress import watch
from jointopt.cli.signals import stoppable
from jointopt.cli.writing import keep_clear, prints, write
from jointopt.config import Plan
from jointopt.errors import UserError
from jointopt.study import Study

Workers = Annotated[
    int, typer.Option("--workers", metavar="N", help="Processes on this machine that work on it together.")
]
Page = Annotated[Path | None, typer.Option("--report", help="Where the page goes; beside the study file by default.")]


def run_plan(plan: Plan, page: Path | None, *, workers: int, force: bool, as_json: bool) -> None:
    """Run a study to its end, write the report, and print the verdict."""
    page = page or plan.path.parent / f"{plan.name}-report.html"
    if prints(page):
        mend = "name a file; `jointopt report -o -` prints the page"
        raise UserError("the verdict is printed there", where="--report -", mend=mend)
    keep_clear(plan, {"--report": page})
    show = watch(as_json=as_json)
    with stoppable(), show, Study(plan, force=force, on_progress=show.update) as opened:
        with local_workers(plan, workers - 1):
            findings = opened.run()
        write(page, opened.report(findings))
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
