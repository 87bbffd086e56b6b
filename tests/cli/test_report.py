"""``jointopt report``: the same numbers on the page, in JSON, CSV and JUnit's XML, and in the verdict; and gates."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from jointopt.analysis import percent
from jointopt.cli.main import app
from jointopt.errors import NothingToReport, UserError
from tests.cli.test_samples import STUDY
from tests.exam import write_exam


def _write(folder: Path, calls: int) -> Path:
    write_exam(folder)
    text = STUDY.replace("calls: 400", f"calls: {calls}") + "preferences: {tokens: [0, 0.5], cost_usd: [0, 5000]}\n"
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a study that has run to its end."""
    file = _write(tmp_path_factory.mktemp("study"), 400)
    assert CliRunner().invoke(app, ["run", str(file), "--json"]).exit_code == 0
    return file


def _report(study: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["report", str(study), *options])


def _policies(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "all.csv").read_text(encoding="utf-8"))))


def test_the_numbers_are_the_same_everywhere(study: Path, tmp_path: Path) -> None:
    """The winner and the leaders in JSON, CSV, JUnit's XML, on the page and in the verdict, to the last digit shown."""
    files = {
        name: str(tmp_path / file) for name, file in (("csv", "all.csv"), ("junit", "gates.xml"), ("o", "page.html"))
    }
    done = _report(study, "--json", "--csv", files["csv"], "--junit", files["junit"], "-o", files["o"])
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    winner, rows = said["findings"]["winner"], _policies(tmp_path)
    assert rows[0]["winner"] == "yes" and [row["winner"] for row in rows[1:]] == ["no"] * (len(rows) - 1)
    by_name = {row["policy"]: row for row in rows}
    for one in [winner, *said["findings"]["leaders"]]:
        policy = one["policy"]
        row = next(row for row in rows if _is(row, policy))
        for half in ("dev", "sealed"):
            numbers = one[half] or {"mean": None, "low": None, "high": None}
            ends = {"mean": f"{half}_score", "low": f"{half}_low", "high": f"{half}_high"}
            assert all(_number(row[ends[name]]) == numbers[name] for name in ends)
        assert all(_number(row[name]) == one[name] for name in ("cost_usd", "tokens", "latency_s", "unreadable"))
    case = ElementTree.parse(tmp_path / "gates.xml").getroot().find("testsuite/testcase")
    assert case is not None
    told = {entry.attrib["name"]: entry.attrib["value"] for entry in case.iter("property")}
    assert told["policy"] == rows[0]["policy"]
    assert all(_number(told[name]) == _number(rows[0][name]) for name in told if name != "policy")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    sealed = winner["sealed"]
    words = f"{percent(sealed['mean'])} on 8 sealed examples"
    assert (
        words in said["verdict"][0] and words in page and words in (tmp_path / "gates.xml").read_text(encoding="utf-8")
    )
    assert f"<dd>{percent(sealed['mean'])}</dd>" in page
    shown = re.search(rf">{re.escape(rows[0]['policy'])} \N{{BLACK STAR}}</t[dh]><td[^>]*>([\d.]+%) ", page)
    assert shown is not None and shown[1] == percent(float(rows[0]["dev_score"]))
    assert len(by_name) == len(rows) >= len(said["findings"]["leaders"])


@pytest.mark.parametrize(
    "options",
    [("--json", "--csv", "-"), ("--csv", "-", "--junit", "-"), ("--json", "--junit", "-"), ("--json", "-o", "-")],
)
def test_two_formats_are_not_printed_into_one_another(study: Path, options: tuple[str, ...]) -> None:
    """Nothing is printed: which two, and what to do, is said."""
    done = _report(study, *options)
    assert isinstance(done.exception, UserError) and not done.stdout
    assert "only one can be printed" in str(done.exception) and "give" in str(done.exception)


def _is(row: dict[str, str], policy: dict[str, Any]) -> bool:
    source = policy["source"]
    return (row["prompt"], row["strategy"], row["n"]) == (source["prompt"], policy["strategy"], str(policy["n"]))


def _number(text: str) -> float | None:
    return float(text) if text else None


def test_a_gate_under_its_bound_ends_with_a_code_of_its_own(study: Path, tmp_path: Path) -> None:
    """100 where the winner's sealed mean is under the bound, 0 where it is reached, and XML either way."""
    sealed = json.loads(_report(study, "--json").stdout)["findings"]["winner"]["sealed"]["mean"]
    xml = tmp_path / "gates.xml"
    failed = _report(study, "--fail-under", str(sealed + 1e-6), "--junit", str(xml))
    assert failed.exit_code == 100 and "is at least" in failed.stderr
    suite = ElementTree.parse(xml).getroot().find("testsuite")
    assert suite is not None and suite.attrib["failures"] == "1" and len(suite.findall("testcase/failure")) == 1
    assert len(suite.findall("testcase")) == 1 + 4  # the winner's gate, and a case for each preference of the grid
    passed = _report(study, "--fail-under", repr(sealed), "--junit", "-")
    assert passed.exit_code == 0
    root = ElementTree.fromstring(passed.stdout)
    assert root.attrib["failures"] == "0" and root.attrib["tests"] == "5" and root.attrib["skipped"] == "4"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fail-under", "80"), "80 is no score"),
        (("--fail-under", "nan"), "nan is no score"),
        (("--csv", "/proc/none/all.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused(study: Path, options: tuple[str, ...], words: str) -> None:
    """One message with a mend, before anything is written."""
    refused = _report(study, *options)
    assert isinstance(refused.exception, UserError)
    assert words in str(refused.exception) and "mend" in str(refused.exception)


@pytest.mark.parametrize("options", [(), ("--json",), ("--csv", "-"), ("--junit", "-"), ("--fail-under", "0")])
def test_a_study_without_a_finished_trial_says_so(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Report and samples say in words that there is nothing yet."""
    file = _write(tmp_path, 8)
    assert CliRunner().invoke(app, ["run", str(file)]).exit_code != 0
    refused = _report(file, *options)
    assert isinstance(refused.exception, NothingToReport) and "no policy has been judged yet" in str(refused.exception)
    refused = CliRunner().invoke(app, ["samples", str(file)])
    assert isinstance(refused.exception, NothingToReport) and "no policy has been judged yet" in str(refused.exception)
