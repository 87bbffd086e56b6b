"""The arguments that commands share."""

from pathlib import Path
from typing import Annotated

import typer

from jointopt.config import Plan, read_study
from jointopt.errors import StudyFileError

StudyFile = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, its folder, or the name of one that ships.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

SHIPPED = Path(__file__).parents[1] / "studies"


def read_plan(study: str) -> Plan:
    """The plan of a study named on the command line."""
    given = Path(study)
    for place in (given, given / "study.yaml", SHIPPED / study / "study.yaml"):
        if place.is_file():
            return read_study(place)
    raise StudyFileError(
        "there is no such study file",
        where=study,
        mend="give the path of a study.yaml, or of the folder that holds one",
    )
