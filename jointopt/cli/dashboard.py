"""``jointopt dashboard``."""

from importlib.metadata import entry_points
from typing import Annotated

import typer

from jointopt.cli.arguments import StudyFile, read_plan
from jointopt.errors import UserError
from jointopt.study import Study


def dashboard(
    study: StudyFile,
    host: Annotated[str, typer.Option(help="The address to listen on; this machine only by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8080,
) -> None:
    """Publish the study's figures, then serve Optuna Dashboard until Ctrl-C."""
    plan = read_plan(study)
    with Study(plan, create=False) as opened:
        opened.publish()
    found = list(entry_points(group="jointopt.dashboards"))
    if not found:
        raise UserError("no dashboard is installed", where="jointopt dashboard", mend="reinstall: pip install jointopt")
    open_dashboard = found[0].load()
    typer.echo(f"{plan.name} at http://{host}:{port}/dashboard (Ctrl-C stops)", err=True)
    open_dashboard(plan.storage, host=host, port=port)
