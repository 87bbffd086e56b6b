"""The arguments that commands share, and what they name: a study file, or a study that its database knows by name."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from jointopt.config import Plan, WarmStart, absolute, read_study
from jointopt.errors import StorageError, StudyFileError, UnknownStudy
from jointopt.storage import Studies, open_database
from jointopt.study import read_kept

STORAGE, CODE = "JOINTOPT_STORAGE", "JOINTOPT_CODE"
"""Environment variables: what `--storage` says where it is left out; and the user's modules, parted by commas, that a
study may call which is read from its database."""

StudyFile = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study file, its folder, the name of one that ships, or of one that the database in --storage knows.",
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        envvar=STORAGE,
        show_envvar=True,
        help="The database, instead of the one that the study file names: an SQLAlchemy URL.",
    ),
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study is kept.

    Attributes:
        url: of the database.
        name: of the study in it.
    """

    url: str
    name: str


def read_plan(study: str, storage: str | None = None) -> Plan:
    """The plan of a study named on the command line.

    Args:
        study: a file, a folder, or a name.
        storage: a database instead of the one that the file names; left out, what the environment says.
    """
    url = storage or os.environ.get(STORAGE)
    file = _file(study)
    if file is not None:
        return _moved(read_study(file), url)
    if url is not None and _is_known(study, url):
        return read_kept(url, study, code=permitted())
    for shelf in SHIPPED:
        given = Path(study)
        if given.name == study and (shelf / study / "study.yaml").is_file():
            shutil.copytree(shelf / study, given, ignore=shutil.ignore_patterns("*.db*", "*.html"))
            typer.echo(f"copied the study that ships as {study!r} to {given}/", err=True)
            return _moved(read_study(given / "study.yaml"), url)
    raise _nowhere(study, url)


def find_place(study: str, storage: str | None) -> Place:
    """Where a study is kept that is named on the command line; its plan is not made where a name is given."""
    url, file = storage or os.environ.get(STORAGE), _file(study)
    if file is not None:
        plan = read_study(file)
        return Place(absolute(url) if url else plan.storage, plan.name)
    if url is None:
        raise _nowhere(study, url)
    return Place(absolute(url), study)


def need_storage(storage: str | None) -> str:
    """The database that a command cannot do without."""
    if not storage:
        mend = f"write --storage sqlite:///jointopt.db or postgresql://user:password@host/name, or set {STORAGE}"
        raise StorageError("no database is named", where="--storage", mend=mend)
    return absolute(storage)


def permitted() -> list[str]:
    """The user's modules that a study may call which is read from its database."""
    return [name.strip() for name in os.environ.get(CODE, "").split(",") if name.strip()]


def start_from(plan: Plan, study: str | None) -> Plan:
    """The plan as it begins with another study, in the storage that its file names for that, else in its own."""
    if study is None:
        return plan
    storage = plan.warm_start.storage if plan.warm_start else plan.storage
    return replace(plan, warm_start=WarmStart(study, storage, "--warm-start"))


def _file(study: str) -> Path | None:
    given = Path(study)
    return next((place for place in (given, given / "study.yaml") if place.is_file()), None)


def _moved(plan: Plan, url: str | None) -> Plan:
    """The plan as it is kept elsewhere; a study that it begins with in its own storage is looked for there, too."""
    if url is None:
        return plan
    here, warm = absolute(url), plan.warm_start
    if warm and warm.storage == plan.storage:
        warm = replace(warm, storage=here)
    return replace(plan, storage=here, warm_start=warm)


def _is_known(name: str, url: str) -> bool:
    """Whether a database has a study of that name; one that is not there yet has none."""
    try:
        database = open_database(url, create=False)
    except StorageError:
        if any((shelf / name / "study.yaml").is_file() for shelf in SHIPPED):
            return False
        raise
    try:
        return name in Studies(database).names()
    finally:
        database.close()


def _nowhere(study: str, url: str | None) -> StudyFileError | UnknownStudy:
    """What to say where nothing has that name."""
    if url is not None:
        database = open_database(url, create=False)
        try:
            Studies(database).find(study)
        except UnknownStudy as unknown:
            return unknown
        finally:
            database.close()
    mend = "give the path of a study.yaml, or of the folder that holds one; a study's name goes with --storage"
    return StudyFileError("there is no such study file", where=study, mend=mend)
