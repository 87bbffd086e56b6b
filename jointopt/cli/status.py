"""``jointopt status``."""

import json
from dataclasses import asdict

import typer

from jointopt.analysis import say_taken_over, to_json
from jointopt.cli.arguments import AsJson, StudyFile, read_plan
from jointopt.cli.progress import describe
from jointopt.study import Study


def status(study: StudyFile, as_json: AsJson = False) -> None:
    """Print how far a study is; nothing is asked of a model."""
    with Study(read_plan(study), create=False) as opened:
        progress, row = opened.progress(), opened.parts.row
        failed = opened.parts.pool.failed_counts()
        lost, taken, unwatched = opened.parts.ledger.lost(), opened.taken_over(), opened.unwatched()
    if as_json:
        said = {"study": row.name, "state": row.state, **asdict(progress), "failed": failed, "taken_over": taken}
        typer.echo(json.dumps(to_json(said | {"unwatched": unwatched})))
        return
    typer.echo(f"{row.name}: {row.state}")
    for name, value in describe(progress):
        if value and name not in ("pool", "speed", "left", "failed"):
            typer.echo(f"  {name:<7} {value}")
    if taken:
        typer.echo(f"  begun   {say_taken_over(taken)}")
    if lost.calls:
        typer.echo(f"  lost    {lost.calls:,} calls were under way when a run died; they count as paid")
    for model, why in unwatched.items():
        typer.echo(f"  canary  {model} is not watched for change: {why}")
    for reason, number in failed.items():
        typer.echo(f"  failed  {number} samples: {reason}")
