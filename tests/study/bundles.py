"""Bundles to test with: a small study's own, and what somebody might make of it."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from jointopt.cli.main import app
from tests.exam import write_exam
from tests.study.conftest import STUDY

Members = dict[str, bytes]


def write_study(folder: Path, calls: int = 400, more: str = "") -> Path:
    """A study file with its data; `more` stands at its end."""
    write_exam(folder)
    (folder / "study.yaml").write_text(STUDY.format(calls=calls) + more, encoding="utf-8")
    return folder / "study.yaml"


def honest(folder: Path) -> Path:
    """The bundle of a study that has been run."""
    file = write_study(folder, 300)
    for command in (["run", str(file), "--json"], ["bundle", str(file)]):
        assert CliRunner().invoke(app, command).exit_code == 0
    return folder / "small.bundle"


def members(bundle: Path) -> Members:
    """What is in it."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(found: Members, to: Path, *, sums: bool = True) -> Path:
    """A bundle of these members; with `sums` the manifest names what they are, as a forger would see to."""
    if sums:
        manifest = json.loads(found["manifest.json"])
        rest = {name: content for name, content in found.items() if name != "manifest.json"}
        manifest["sha256"] = {name: hashlib.sha256(content).hexdigest() for name, content in rest.items()}
        found["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return to


def with_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], None]:
    """A change of the manifest's values."""

    def changed(found: Members) -> None:
        manifest = json.loads(found["manifest.json"])
        change(manifest)
        found["manifest.json"] = json.dumps(manifest).encode()

    return changed


def with_row(table: str, **values: Any) -> Callable[[Members], None]:
    """A change of the first row of a table; a `str` that begins with raw: is written as it is."""

    def changed(found: Members) -> None:
        first, _, rest = found[f"{table}.jsonl"].partition(b"\n")
        line = json.dumps(json.loads(first) | values)
        for value in values.values():
            if isinstance(value, str) and value.startswith("raw:"):
                line = line.replace(json.dumps(value), value[4:])
        found[f"{table}.jsonl"] = line.encode() + b"\n" + rest

    return changed


__all__ = ["Members", "app", "members", "pack", "with_manifest", "with_row", "write_study"]
