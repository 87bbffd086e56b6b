"""``jointopt stop``."""

import typer

from jointopt.cli.arguments import Storage, StudyFile, find_place
from jointopt.study import stop_study


def stop(study: StudyFile, storage: Storage = None) -> None:
    """Have all workers of a study stop, wherever they are."""
    place = find_place(study, storage)
    row, workers = stop_study(place.url, place.name)
    if row.state == "finished":
        typer.echo(f"{row.name} has finished: there is nothing to stop")
        return
    before = "stopped already" if row.state == "stopped" else "stopped"
    leaving = f"its {len(workers)} worker{'s leave' if len(workers) != 1 else ' leaves'} with the next beat, "
    typer.echo(f"{row.name}: {before}; {leaving if workers else ''}every sample that arrived is kept")
    typer.echo(f"go on with: jointopt resume {row.name}")
