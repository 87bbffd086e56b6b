"""``jointopt studies``."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from jointopt.cli.arguments import STORAGE, AsJson
from jointopt.cli.status import interrupted_s
from jointopt.storage import Studies, open_database


def studies(
    storage: Annotated[
        str, typer.Option(metavar="URL", envvar=STORAGE, show_envvar=True, help="SQLAlchemy URL of the storage.")
    ] = "sqlite:///jointopt.db",
    as_json: AsJson = False,
) -> None:
    """List the studies of a storage, oldest first."""
    database = open_database(storage, create=False)
    rows = [(row, "interrupted" if interrupted_s(database, row) else row.state) for row in Studies(database).all()]
    database.close()
    if as_json:
        shown = [{"name": r.name, "state": s, "begun_at": r.begun_at, "elapsed_s": r.elapsed_s} for r, s in rows]
        typer.echo(json.dumps(shown))
        return
    for row, state in rows:
        begun = datetime.fromtimestamp(row.begun_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"{row.name:<30} {state:<11} begun {begun}, ran {row.elapsed_s:.0f} s")
    if not rows:
        typer.echo(f"no study yet in {database.url}")
