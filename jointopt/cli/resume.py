"""``jointopt resume``."""

from pathlib import Path
from typing import Annotated

import typer

from jointopt.cli.arguments import AsJson, Storage, need_storage, permitted
from jointopt.cli.hands import check_workers
from jointopt.cli.running import Page, Workers, run_plan
from jointopt.study import read_kept

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the study is called in its database.")]
Force = Annotated[bool, typer.Option("--force", help="Go on although a model behind its name has changed.")]


def resume(
    name: Name,
    storage: Storage = None,
    as_json: AsJson = False,
    force: Force = False,
    report: Page = None,
    workers: Workers = 1,
) -> None:
    """Go on with a study from its database alone, as `jointopt run` does with its study file."""
    check_workers(workers)
    plan = read_kept(need_storage(storage), name, code=permitted())
    run_plan(plan, report or Path(f"{name}-report.html"), workers=workers, force=force, as_json=as_json)
