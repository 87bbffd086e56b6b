"""``jointopt bundle``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jointopt.analysis import to_json
from jointopt.cli.arguments import AsJson, StudyFile
from jointopt.cli.reading import beside, open_to_read
from jointopt.cli.writing import keep_clear, prints
from jointopt.errors import UserError
from jointopt.study.bundle import write_bundle
from jointopt.study.unbundle import SUFFIX


def bundle(
    study: StudyFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file; beside the study file if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a study into one file that `jointopt report` reads anywhere, offline, with the same numbers."""
    if prints(output):
        raise UserError("a bundle is no text to be printed", where="--output -", mend="name a file")
    with open_to_read(study) as opened:
        file = output or beside(study, f"{opened.plan.name}{SUFFIX}")
        keep_clear(opened.plan, {"--output": file}, study=study)
        written = write_bundle(opened, file)
    if as_json:
        typer.echo(json.dumps(to_json({**_told(written), "file": str(written.file)})))
        return
    rows = ", ".join(f"{count:,} {name}" for name, count in written.rows.items())
    typer.echo(f"bundle: {written.file} ({written.size:,} bytes: {len(written.files)} files, {rows})")
    typer.echo(f"read it with: jointopt report {written.file}, or jointopt samples {written.file}")
    if written.code:
        typer.echo(f"not in it, and to be installed where it is read: {', '.join(written.code)}")


def _told(written: object) -> dict[str, object]:
    fields = to_json(written)
    return fields if isinstance(fields, dict) else {}
