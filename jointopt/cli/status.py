"""``jointopt status``."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from jointopt.analysis import say_taken_over, to_json
from jointopt.cli.arguments import AsJson, Storage, StudyFile, find_place
from jointopt.cli.progress import describe
from jointopt.study import Glance, Onlooker

EVERY_S = 2.0


def status(
    study: StudyFile,
    storage: Storage = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on printing until the study has finished or is stopped.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print how far a study is; nothing is asked of a model."""
    place = find_place(study, storage)
    with Onlooker(place.url, place.name) as onlooker:
        try:
            while True:
                found = onlooker.look()
                typer.echo(json.dumps(to_json(told(found))) if as_json else "\n".join(lines(found)))
                if not follow or found.row.state in ("finished", "stopped"):
                    return
                time.sleep(EVERY_S)
        except KeyboardInterrupt:
            if not follow:
                raise


def told(found: Glance) -> dict[str, object]:
    """A glance as plain values."""
    return {
        "study": found.row.name,
        "state": found.row.state,
        **asdict(found.progress),
        "failed": found.failed,
        "taken_over": found.taken_over,
        "unwatched": found.unwatched,
        "lost": asdict(found.lost),
        "members": [one._asdict() for one in found.workers],
    }


def lines(found: Glance) -> Iterator[str]:
    """A glance as it is printed."""
    yield f"{found.row.name}: {found.row.state}"
    for name, value in describe(found.progress):
        if value and name not in ("pool", "speed", "left", "failed", "workers"):
            yield f"  {name:<7} {value}"
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
