"""What commands write lies nowhere where the study lies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jointopt.cli.main import app
from jointopt.errors import BundleError, UserError
from tests.cli.test_samples import STUDY
from tests.exam import write_exam


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study with a prompt file and a module of the user's own, run to its end and bundled."""
    made = tmp_path_factory.mktemp("study")
    write_exam(made)
    (made / "steps.md").write_text("{question} think step by step.", encoding="utf-8")
    text = STUDY.replace('"{question} think step by step."', "{file: steps.md}")
    text = text.replace("name: exact", "name: 'own_marks:Mine'")
    grader = "from jointopt.grading.exact import Exact\n\n\nclass Mine(Exact):\n    pass\n"
    (made / "own_marks.py").write_text(grader, encoding="utf-8")
    (made / "study.yaml").write_text(text, encoding="utf-8")
    for command in ("run", "bundle"):
        assert CliRunner().invoke(app, [command, str(made / "study.yaml"), "--json"]).exit_code == 0
    return made


@pytest.fixture
def kept(folder: Path) -> Iterator[Path]:
    """The same folder, in which every file has to be what it was, and no other may appear."""
    before = {file: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.suffix != ".db-shm"}
    yield folder
    assert {file: file.read_bytes() for file in folder.iterdir() if file in before} == before
    assert {file for file in folder.iterdir() if file.suffix not in (".db-shm", ".db-wal")} <= {
        *before,
        *_folders(folder),
    }


def _folders(folder: Path) -> set[Path]:
    return {file for file in folder.iterdir() if file.is_dir()}


OWN = ("study.yaml", "examples.jsonl", "steps.md", "own_marks.py", "jointopt.db")


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("command", ["bundle -o", "report -o", "report --csv", "report --junit", "run --report"])
def test_no_file_of_the_study_is_written_over(kept: Path, command: str, name: str) -> None:
    """Study file, data, prompt, module and database stay what they were, by whatever way the path gets there."""
    verb, option = command.split()
    file = kept.parent / kept.name / ".." / kept.name / name
    refused = CliRunner().invoke(app, [verb, str(kept / "study.yaml"), option, str(file)])
    assert isinstance(refused.exception, UserError), refused.output
    assert "is a file of the study" in str(refused.exception) and name in str(refused.exception)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("report small.bundle -o small.bundle", "is a file of the study"),
        ("bundle small.bundle", "is a file of the study"),
        ("bundle study.yaml -o -", "no text to be printed"),
        ("bundle study.yaml -o ''", "is a folder"),
        ("bundle study.yaml -o nowhere/x.bundle", "no such folder"),
        ("report study.yaml --csv x.csv --junit ./x.csv", "name the same file"),
        ("report study.yaml -o .", "is a folder"),
        ("run study.yaml --report -", "the verdict is printed there"),
        ("run study.yaml --report nowhere/x.html", "no such folder"),
        ("samples study.yaml --right --wrong", "these leave nothing"),
        ("samples study.yaml --example 1 --wrong", "one example is shown"),
    ],
)
def test_what_makes_no_sense_is_refused(kept: Path, options: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message with a mend, and nothing is written."""
    monkeypatch.chdir(kept)
    monkeypatch.setenv("JOINTOPT_CODE", "own_marks")
    refused = CliRunner().invoke(app, [word.strip("'") for word in options.split()])
    assert isinstance(refused.exception, UserError), refused.output
    assert words in str(refused.exception) and "mend" in str(refused.exception)


def test_a_bundle_takes_the_place_of_files_alone(kept: Path, tmp_path: Path) -> None:
    """A pipe or a device stays what it is; of a link the target is written."""
    os.mkfifo(tmp_path / "pipe")
    refused = CliRunner().invoke(app, ["bundle", str(kept / "study.yaml"), "-o", str(tmp_path / "pipe")])
    assert isinstance(refused.exception, BundleError) and "is no regular file" in str(refused.exception)
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert CliRunner().invoke(app, ["bundle", str(kept / "study.yaml"), "-o", str(tmp_path / "link")]).exit_code == 0
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").stat().st_size > 0
    assert {file.name for file in tmp_path.iterdir()} == {"pipe", "link", "target"}


def test_a_name_that_no_file_can_have_is_an_error(kept: Path) -> None:
    """It is told in a line."""
    for command in (["report", "--csv"], ["bundle", "-o"]):
        verb, option = command
        refused = CliRunner().invoke(app, [verb, str(kept / "study.yaml"), option, str(kept / ("x" * 300))])
        assert isinstance(refused.exception, UserError) and "cannot be written" in str(refused.exception)


def test_what_is_printed_is_nothing_else(kept: Path, tmp_path: Path) -> None:
    """Where a page is written beside it, that is told elsewhere."""
    study, page = str(kept / "study.yaml"), str(tmp_path / "page.html")
    printed = CliRunner().invoke(app, ["report", study, "--junit", "-", "-o", page])
    assert printed.stdout.rstrip().endswith("</testsuites>") and f"report: {page}" in printed.stderr
    assert CliRunner().invoke(app, ["report", study, "-o", "-"]).stdout.rstrip().endswith("</html>")
