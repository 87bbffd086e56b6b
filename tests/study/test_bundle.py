"""A bundle: one file from which anybody gets the same numbers, and in which no secret is."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from jointopt.cli.main import app
from jointopt.config import read_study
from jointopt.domain import Sample
from jointopt.errors import ModelError, NothingToReport, UserError
from jointopt.study import Study
from jointopt.study.bundle import write_bundle
from jointopt.study.unbundle import open_bundle
from tests.hostile.server import serving
from tests.study.bundles import members, write_study

GRID = "preferences: {tokens: [0, 0.5], cost_usd: [0, 5000]}\n"


def _call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a study that has run to its end."""
    file = write_study(tmp_path_factory.mktemp("study"), more=GRID)
    assert _call("run", file, "--json").exit_code == 0
    return file


@pytest.fixture(scope="module")
def bundle(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle, in a folder where nothing else is."""
    there = tmp_path_factory.mktemp("elsewhere") / "small.bundle"
    assert _call("bundle", study, "-o", there).exit_code == 0
    return there


@pytest.mark.parametrize("options", [("--json",), ("--csv", "-"), ("--junit", "-", "--fail-under", "0")])
def test_a_bundle_reports_what_its_study_does(study: Path, bundle: Path, options: tuple[str, ...]) -> None:
    """To the last byte: findings, verdict, rows, gates."""
    there, here = _call("report", bundle, *options), _call("report", study, *options)
    assert there.exit_code == here.exit_code == 0, there.output
    assert there.stdout == here.stdout


def test_a_bundle_has_the_same_page_and_the_same_samples(study: Path, bundle: Path, tmp_path: Path) -> None:
    """The page is the same file, and lies beside the bundle where nobody names a place; so do the samples read."""
    for file, page in ((study, tmp_path / "a.html"), (bundle, tmp_path / "b.html")):
        assert _call("report", file, "-o", page).exit_code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert _call("report", bundle).exit_code == 0
    assert (bundle.parent / "small-report.html").read_bytes() == (tmp_path / "a.html").read_bytes()
    assert _call("samples", bundle, "--json").stdout == _call("samples", study, "--json").stdout


def test_reading_leaves_nothing_behind(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file beside the bundle, and none where temporary ones lie."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(bundle.parent.iterdir())
    assert _call("report", bundle, "--json").exit_code == 0
    assert sorted(bundle.parent.iterdir()) == before and not list(tmp_path.iterdir())


def test_its_books_agree(study: Path, bundle: Path) -> None:
    """The ledger of the copy has the entries and the sums of the study's own."""
    with Study(read_study(study), create=False) as here, open_bundle(bundle) as there:
        assert there.parts.ledger.audit() == []
        assert there.parts.ledger.spent() == here.parts.ledger.spent()
        assert there.parts.ledger.by_phase() == here.parts.ledger.by_phase()
        assert [trial.params for trial in there.trials.trials] == [trial.params for trial in here.trials.trials]


def test_a_bundle_can_be_bundled_again(bundle: Path, tmp_path: Path) -> None:
    """And is the same study: every row and every file."""
    assert _call("bundle", bundle, "-o", tmp_path / "again.bundle").exit_code == 0
    one, two = members(bundle), members(tmp_path / "again.bundle")
    assert {name for name in one if one[name] != two.get(name)} <= {"manifest.json"}
    assert one.keys() == two.keys()


def test_samples_that_others_paid_for_are_in_it(study: Path, tmp_path: Path) -> None:
    """Those that the study used, told apart from its own; another study's further samples are not."""
    shutil.copytree(study.parent, tmp_path / "s")
    file = tmp_path / "s" / "study.yaml"
    text = file.read_text().replace("name: small", "name: second").replace("n: [1, 2, 4]", "n: [1, 2]")
    (tmp_path / "s" / "second.yaml").write_text(text + "warm_start: small\n")
    assert _call("run", tmp_path / "s" / "second.yaml", "--json").exit_code == 0
    done = _call("bundle", tmp_path / "s" / "second.yaml", "-o", tmp_path / "second.bundle")
    assert done.exit_code == 0, done.output
    there = json.loads(_call("report", tmp_path / "second.bundle", "--json").stdout)
    here = json.loads(_call("report", tmp_path / "s" / "second.yaml", "--json").stdout)
    assert there == here and here["findings"]["taken_over"]["samples"] > 0
    rows = [json.loads(line) for line in members(tmp_path / "second.bundle")["samples.jsonl"].splitlines()]
    assert {row["own"] for row in rows} == {True, False} or not any(row["own"] for row in rows)


def test_nothing_is_bundled_before_a_policy_was_judged(tmp_path: Path) -> None:
    """In words, and no file is left."""
    file = write_study(tmp_path, 8)
    assert _call("run", file).exit_code != 0
    refused = _call("bundle", file)
    assert isinstance(refused.exception, NothingToReport) and "no policy has been judged yet" in str(refused.exception)
    assert not list(tmp_path.glob("*.bundle*")) and not list(tmp_path.glob(".*.part"))


def test_no_secret_is_in_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the password of a database, not a key that a server echoed, not the machine's name or its folders."""
    key = "K3Y-planted-and-never-to-be-seen"
    monkeypatch.setenv("PLANTED_KEY", key)
    with serving() as server:
        model = f"  nano: {{endpoint: hosted_vllm/any, base_url: '{server.url}', key_env: PLANTED_KEY, price: 0}}\n"
        file = write_study(tmp_path, 400)
        text = file.read_text()
        start, end = text.index("  nano:"), text.index("strategies:")
        text = (
            text[:start]
            + model
            + text[end:]
            + f"storage: sqlite:///{tmp_path}/pool.db\n# postgresql://me:hunter2@db/x\n"
        )
        file.write_text(text)
        with Study(read_study(file)) as opened:
            opened.run()
            source = next(iter(opened.plan.space.sources()))
            request = opened.parts.readings.request(source, opened.plan.task.dev[0])
            opened.parts.pool.keep([(request, [Sample(900, f"you sent {key}", error=None)])])
            opened.parts.readings.add(request.key, opened.parts.pool.load([request.key])[request.key])
            written = write_bundle(opened, tmp_path / "small.bundle")
    found = b"\n".join(members(written.file).values())
    assert b"you sent ***" in found
    for secret in (key, "hunter2", str(tmp_path), __import__("socket").gethostname() + ":"):
        assert secret.encode() not in found


def test_a_password_in_an_address_is_refused(study: Path, tmp_path: Path) -> None:
    """It is part of what a request is: masked, the samples would not be found again."""
    with Study(read_study(study), create=False) as opened:
        model: Any = opened.plan.space.models["nano"]
        object.__setattr__(model, "base_url", "http://me:hunter2@127.0.0.1/v1")
        with pytest.raises(ModelError, match="a password stands in its base_url") as refused:
            write_bundle(opened, tmp_path / "x.bundle")
    assert "hunter2" not in str(refused.value) and not list(tmp_path.iterdir())


def test_code_of_the_users_own_is_named_and_never_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle says what it needs; it is refused until that is permitted, and then works as it is installed here."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "my_grading.py").write_text(
        "from pathlib import Path\nfrom jointopt.grading.exact import Exact\n"
        f"Path({str(tmp_path / 'called')!r}).touch()\n\n\nclass Mine(Exact):\n    pass\n"
    )
    file = write_study(tmp_path / "s")
    file.write_text(file.read_text().replace("name: exact", 'name: "my_grading:Mine"'))
    assert _call("run", file, "--json").exit_code == 0
    said = _call("bundle", file, "-o", tmp_path / "small.bundle")
    assert "my_grading:Mine" in said.stdout
    (tmp_path / "called").unlink()
    refused = _call("report", tmp_path / "small.bundle", "--json")
    assert isinstance(refused.exception, UserError) and "JOINTOPT_CODE=my_grading" in str(refused.exception)
    assert not (tmp_path / "called").exists()
    assert not any(name.endswith(".py") for name in zipfile.ZipFile(tmp_path / "small.bundle").namelist())
    monkeypatch.setenv("JOINTOPT_CODE", "my_grading")
    assert _call("report", tmp_path / "small.bundle", "--json").exit_code == 0
