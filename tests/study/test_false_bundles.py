"""A bundle that says something else than it holds is refused, and what it says is never a command."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jointopt.cli.main import app
from jointopt.errors import BundleError, UserError
from jointopt.study.unbundle import open_bundle
from tests.study.bundles import Members, honest, members, pack, with_manifest, write_study


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest bundle."""
    return honest(tmp_path_factory.mktemp("study"))


def _twice(table: str) -> Callable[[Members], None]:
    """The first row of a table is there again, and the manifest counts it."""

    def changed(found: Members) -> None:
        first = found[f"{table}.jsonl"].partition(b"\n")[0] + b"\n"
        found[f"{table}.jsonl"] += first
        with_manifest(lambda m: m["rows"].update({table: m["rows"][table] + 1}))(found)

    return changed


def _short(table: str) -> Callable[[Members], None]:
    """The last row of a table is missing."""

    def changed(found: Members) -> None:
        found[f"{table}.jsonl"] = b"".join(found[f"{table}.jsonl"].splitlines(keepends=True)[:-1])

    return changed


FALSE: dict[str, tuple[Callable[[Members], object], str]] = {
    "a sample twice": (_twice("samples"), "samples: a row is there twice"),
    "a request twice": (_twice("requests"), "requests: a row is there twice"),
    "a scorecard twice": (_twice("scorecards"), "scorecards: a row is there twice"),
    "an entry missing": (_short("entries"), "entries.jsonl has "),
    "a trial missing": (_short("trials"), "trials.jsonl has "),
    "more rows than there are": (
        with_manifest(lambda m: m["rows"].update(samples=10**9)),
        "rows; the manifest says 1000000000",
    ),
    "no numbers of rows": (with_manifest(lambda m: m.update(rows={})), "the manifest says None"),
    "numbers of rows of nonsense": (with_manifest(lambda m: m.update(rows=3)), "holds what no study writes"),
}


@pytest.mark.parametrize("change", FALSE)
def test_rows_are_as_many_as_the_manifest_says_and_none_is_there_twice(good: Path, tmp_path: Path, change: str) -> None:
    """Each member's sha256 may be right and its rows still be others than the manifest counts."""
    changed, words = FALSE[change]
    found = members(good)
    changed(found)
    with pytest.raises(BundleError) as refused, open_bundle(pack(found, tmp_path / "false.bundle")):
        pass
    assert words in str(refused.value) and "mend" in str(refused.value)


@pytest.mark.parametrize("file", ["x.yaml; touch owned #", "$(touch owned).yaml", "-x.yaml", "it's `touch owned`.yaml"])
def test_the_command_of_a_bundle_runs_nothing_but_itself(good: Path, tmp_path: Path, file: str) -> None:
    """Whatever the study file's name, a shell takes it for one word that is no option."""
    found = members(good)
    with_manifest(lambda m: m["study"].update(file=file))(found)
    with open_bundle(pack(found, tmp_path / "x.bundle")) as opened:
        command = opened.findings().command
    done = subprocess.run(
        ["/bin/sh", "-c", f"jointopt() {{ printf '%s\\n' \"$@\"; }}; {command}"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["run", f"./{file}" if file.startswith("-") else file]
    assert not (tmp_path / "owned").exists()


def test_a_pattern_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """A stranger's pattern and completions meet in whoever reads the bundle: one message, and soon."""
    file = write_study(tmp_path, 300)
    marks = "objectives: {right: {name: exact, after: 'answer:'}, shape: {name: pattern, pattern: '^(a|a)*$'}}"
    text = re.sub(r"grader: \{.*\}", marks, file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    for command in ("run", "bundle"):
        assert CliRunner().invoke(app, [command, str(file), "--json"]).exit_code == 0
    found = members(tmp_path / "small.bundle")
    rows = [json.loads(line) for line in found["samples.jsonl"].splitlines()]
    endless = "a" * 80 + "b"
    found["samples.jsonl"] = b"".join(json.dumps(row | {"text": endless}).encode() + b"\n" for row in rows)
    began = time.monotonic()
    refused = CliRunner().invoke(app, ["report", str(pack(found, tmp_path / "evil.bundle")), "--json"])
    assert isinstance(refused.exception, UserError), refused.output
    assert "backtracks without end" in str(refused.exception) and time.monotonic() - began < 60
