"""What commands write: never over a file that the study is made of, and no two things into one file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from jointopt.config import Plan, own_code
from jointopt.errors import StorageError, UserError
from jointopt.storage import database_file

_JOURNALS = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database


def keep_clear(plan: Plan, outputs: Mapping[str, Path | None], *, study: str = "") -> None:
    """Refuse to write where something of the study lies; asked before anything is done.

    Args:
        plan: of the study.
        outputs: what is to be written, by the option that names it; - is what is printed.
        study: what the command line named the study by: it may be a bundle.

    Raises:
        UserError: a file is the study's own, a folder, in no folder, or named twice.
    """
    files = {option: file for option, file in outputs.items() if file is not None and not prints(file)}
    own = [file for file in (Path(study), *_files_of(plan)) if file.is_file()]
    seen: dict[Path, str] = {}
    for option, file in files.items():
        there = _exists(file, option)
        if there and file.is_dir():
            raise UserError("is a folder", where=f"{option} {file}", mend="name a file in it")
        if not file.parent.is_dir():
            mend = "name a file in a folder that is there"
            raise UserError("cannot be written: there is no such folder", where=f"{option} {file}", mend=mend)
        if there and any(file.samefile(one) for one in own):
            mend = "name another file"
            raise UserError("is a file of the study, which would be lost", where=f"{option} {file}", mend=mend)
        before = seen.setdefault(file.resolve(), option)
        if before != option:
            raise UserError(f"name the same file, {file}", where=f"{before} and {option}", mend="name two")


def _exists(file: Path, option: str) -> bool:
    """Whether a file is there; a name that no file can have is an error."""
    try:
        return file.exists()
    except OSError as error:
        told = f"cannot be written: {error.strerror}"
        raise UserError(told, where=f"{option} {str(file)[:60]}", mend="name another file") from None


def prints(file: Path | None) -> bool:
    """Whether that is no file, but standard output."""
    return str(file) == "-"


def write(file: Path, content: str) -> None:
    """Write a text into a file, or print it.

    Raises:
        StorageError: the file cannot be written.
    """
    if prints(file):
        typer.echo(content, nl=False)
        return
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        told, mend = f"cannot be written: {error.strerror}", "name a file in a folder that is there"
        raise StorageError(told, where=str(file), mend=mend) from None


def _files_of(plan: Plan) -> Iterator[Path]:
    """Study file, prompts, data, recorded tables, modules beside it, and the databases."""
    yield plan.path
    yield from map(plan.shelf.place, plan.shelf.seen)
    yield from ((plan.path.parent / module.replace(".", "/")).with_suffix(".py") for module in own_code(plan))
    for url in (plan.storage, *([plan.warm_start.storage] if plan.warm_start else [])):
        database = database_file(url)
        yield from (Path(f"{database}{end}") for end in _JOURNALS) if database else ()
