"""``jointopt delete``."""

import sys
from typing import Annotated

import typer

from jointopt.cli.arguments import Storage, StudyFile, find_place
from jointopt.errors import UserError
from jointopt.study import delete_study, weigh_study


def delete(
    study: StudyFile,
    storage: Storage = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    samples: Annotated[
        bool, typer.Option("--samples", help="Delete what it paid for, too; other studies may use that.")
    ] = False,
) -> None:
    """Delete a study; what it paid for stays for the other studies of its database, unless --samples is given."""
    place = find_place(study, storage)
    loss = weigh_study(place.url, place.name)
    paid = f"{loss.samples:,} samples that cost ${loss.usd:,.4f}"
    fate = f"and {paid}" if samples else f"while {paid} stay for other studies"
    lost = f"study {place.name!r}: its trials, ledger and {loss.scorecards:,} scorecards, {fate}"
    if not yes:
        if not sys.stdin.isatty():
            raise UserError(f"nobody is there to be asked about {lost}", where="jointopt delete", mend="add --yes")
        typer.confirm(f"Delete {lost}?", abort=True)
    delete_study(place.url, place.name, samples=samples)
    typer.echo(f"deleted {lost}")
