"""``jointopt dashboard``."""

from importlib.metadata import entry_points
from typing import Annotated

import typer

from jointopt.cli.arguments import STORAGE, read_plan
from jointopt.errors import UserError
from jointopt.study import Study


def dashboard(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="A study file or its folder; or name a --storage.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            envvar=STORAGE, show_envvar=True, help="A database's URL, or grpc://host:port of a proxy: every study."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; this machine only by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8080,
) -> None:
    """Publish the study's figures, then serve Optuna Dashboard until Ctrl-C; of a storage, serve what was published."""
    found = list(entry_points(group="jointopt.dashboards"))
    if not found:
        raise UserError("no dashboard is installed", where="jointopt dashboard", mend="reinstall: pip install jointopt")
    open_dashboard = found[0].load()
    name, url = _published(study, storage)
    typer.echo(f"{name} at http://{host}:{port}/dashboard (Ctrl-C stops)", err=True)
    open_dashboard(url, host=host, port=port)


def _published(study: str | None, storage: str | None) -> tuple[str, str]:
    """What is shown, and where it lies."""
    where = "jointopt dashboard"
    if study is not None:
        plan = read_plan(study, storage)
        with Study(plan, create=False) as opened:
            opened.publish()
        return plan.name, plan.storage
    if not storage:
        mend = "jointopt dashboard STUDY, or --storage URL, or JOINTOPT_STORAGE in the environment"
        raise UserError("neither a study nor a storage is named", where=where, mend=mend)
    return "every study", storage
