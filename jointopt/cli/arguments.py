"""The arguments that commands share."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from jointopt.config import Plan, WarmStart, read_study
from jointopt.errors import StudyFileError

StudyFile = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, its folder, or the name of one that ships.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Force = Annotated[
    bool, typer.Option("--force", help="Go on although the study file, or a model behind its name, has changed.")
]
WarmStartFrom = Annotated[
    str | None, typer.Option("--warm-start", metavar="NAME", help="Begin with the samples and results of this study.")
]

_PACKAGE = Path(__file__).parents[1]
SHIPPED = (_PACKAGE / "studies", _PACKAGE.parent / "studies")  # in a wheel; in a checkout


def read_plan(study: str) -> Plan:
    """The plan of a study named on the command line."""
    given = Path(study)
    for place in (given, given / "study.yaml"):
        if place.is_file():
            return read_study(place)
    for shelf in SHIPPED:
        if given.name == study and (shelf / study / "study.yaml").is_file():
            shutil.copytree(shelf / study, given, ignore=shutil.ignore_patterns("*.db*", "*.html"))
            typer.echo(f"copied the study that ships as {study!r} to {given}/", err=True)
            return read_study(given / "study.yaml")
    raise StudyFileError(
        "there is no such study file",
        where=study,
        mend="give the path of a study.yaml, or of the folder that holds one",
    )


def start_from(plan: Plan, study: str | None) -> Plan:
    """The plan as it begins with another study, in the storage that its file names for that, else in its own."""
    if study is None:
        return plan
    storage = plan.warm_start.storage if plan.warm_start else plan.storage
    return replace(plan, warm_start=WarmStart(study, storage, "--warm-start"))
