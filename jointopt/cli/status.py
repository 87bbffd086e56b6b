"""``jointopt status``."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from jointopt.analysis import say_taken_over, to_json
from jointopt.cli.arguments import AsJson, Storage, StudyFile, find_place
from jointopt.cli.main import INTERRUPTED
from jointopt.cli.progress import describe, duration
from jointopt.storage import Crew, Database, StudyRow
from jointopt.study import Glance, Onlooker

EVERY_S = 2.0
SILENT_S = 15.0  # after which a study that nobody works on is told interrupted, and again until nobody follows it


def status(
    study: StudyFile,
    storage: Storage = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on printing until the study has finished, or nobody works on it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print how far a study is; nothing is asked of a model. --follow ends with code 130 where it was interrupted."""
    place, patience = find_place(study, storage), int(SILENT_S / EVERY_S)
    with Onlooker(place.url, place.name) as onlooker:
        try:
            while True:
                found = onlooker.look()
                idle_s = interrupted_s(onlooker.database, found.row)
                typer.echo(json.dumps(to_json(told(found, idle_s))) if as_json else "\n".join(lines(found, idle_s)))
                if not follow or found.row.state in ("finished", "stopped"):
                    return
                if idle_s and not patience:
                    raise typer.Exit(INTERRUPTED)
                patience = patience - 1 if idle_s else int(SILENT_S / EVERY_S)
                time.sleep(EVERY_S)
        except KeyboardInterrupt:
            if not follow:
                raise


def interrupted_s(database: Database, row: StudyRow) -> float:
    """For how many seconds nobody has worked on a study that stands as running; 0 where somebody does."""
    idle_s = Crew(database, row.id).idle_s() if row.state == "running" else 0.0
    return idle_s if idle_s > SILENT_S else 0.0


def told(found: Glance, idle_s: float = 0.0) -> dict[str, object]:
    """A glance as plain values; `idle_s`: for how long it has been interrupted."""
    return {
        "study": found.row.name,
        "state": "interrupted" if idle_s else found.row.state,
        "idle_s": idle_s,
        **asdict(found.progress),
        "failed": found.failed,
        "taken_over": found.taken_over,
        "unwatched": found.unwatched,
        "lost": asdict(found.lost),
        "members": [one._asdict() for one in found.workers],
    }


def lines(found: Glance, idle_s: float = 0.0) -> Iterator[str]:
    """A glance as it is printed; `idle_s`: for how long it has been interrupted."""
    name = found.row.name
    interrupted = f"interrupted, no worker for {duration(idle_s)}: `jointopt resume {name}` goes on"
    yield f"{name}: {interrupted if idle_s else found.row.state}"
    for label, value in describe(found.progress):
        if value and label not in ("pool", "speed", "left", "failed", "workers"):
            yield f"  {label:<7} {value}"
    yield from _origins(found)
    if found.lost.calls:
        yield f"  lost    {found.lost.calls:,} calls were under way when a run died; they count as paid"
    for model, why in found.unwatched.items():
        yield f"  canary  {model} is not watched for change: {why}"
    for reason, number in found.failed.items():
        yield f"  failed  {number} samples: {reason}"


def _origins(found: Glance) -> Iterator[str]:
    """Who works on it, and what it began with."""
    if found.workers:
        conductor = next((f"; {one.name} conducts" for one in found.workers if one.conducts), "; nobody conducts")
        yield f"  workers {len(found.workers)}{conductor}"
    if found.taken_over:
        yield f"  begun   {say_taken_over(found.taken_over)}"
    elif found.begun_with:
        yield f"  begun   with study {found.begun_with!r}"
