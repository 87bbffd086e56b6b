"""The command line as a user meets it: real processes, real completions, real mistakes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "studies" / "quickstart"


def _jointopt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jointopt", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the quickstart with a small budget, run once."""
    here = tmp_path_factory.mktemp("quickstart") / "study"
    shutil.copytree(QUICKSTART, here, ignore=shutil.ignore_patterns("*.db*", "*.html"))
    file = here / "study.yaml"
    file.write_text(file.read_text().replace("calls: 16000", "calls: 1500"))
    done = _jointopt("run", "study.yaml", "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    (here / "run.json").write_text(done.stdout)
    return here


def test_run_prints_its_findings_as_json(folder: Path) -> None:
    """One JSON document on standard output: winner, spend, verdict, and where the report is."""
    said = json.loads((folder / "run.json").read_text())
    assert said["findings"]["spend"]["calls"] <= 1500
    assert said["findings"]["winner"]["policy"]["strategy"] in ("single", "majority", "best_of", "adaptive_consistency")
    assert said["verdict"]
    assert Path(folder, said["report"]).stat().st_size > 1_000_000


def test_report_repeats_what_run_said(folder: Path) -> None:
    """The same numbers from the pool alone, and a page where it was asked for."""
    before, again = (
        json.loads((folder / "run.json").read_text()),
        _jointopt("report", "study.yaml", "--json", cwd=folder),
    )
    for name in ("winner", "comparison", "interaction", "spend", "counts", "importance", "preferred"):
        assert json.loads(again.stdout)["findings"][name] == before["findings"][name]
    done = _jointopt("report", "study.yaml", "-o", "there.html", cwd=folder)
    assert done.returncode == 0
    assert "<script" in (folder / "there.html").read_text()


def test_status_and_studies_say_how_far_it_is(folder: Path) -> None:
    """In words and as JSON."""
    status = _jointopt("status", "study.yaml", cwd=folder)
    assert "quickstart: finished" in status.stdout
    assert json.loads(_jointopt("status", "study.yaml", "--json", cwd=folder).stdout)["state"] == "finished"
    listed = _jointopt("studies", "--storage", "sqlite:///quickstart.db", "--json", cwd=folder)
    assert [row["name"] for row in json.loads(listed.stdout)] == ["quickstart"]


def test_check_and_estimate_ask_before_they_spend(folder: Path) -> None:
    """Check shows one real answer of every model in every mode, estimate an upper bound within the budget."""
    checked = json.loads(_jointopt("check", "study.yaml", "--json", cwd=folder).stdout)
    assert [one["source"]["model"] for one in checked["checks"]] == ["nano", "nano", "micro", "micro"]
    assert [one["source"]["mode"] for one in checked["checks"]] == ["fast", "think"] * 2
    assert all(one["sample"]["output_tokens"] > 0 for one in checked["checks"])
    outlook = json.loads(_jointopt("estimate", "study.yaml", "--json", cwd=folder).stdout)
    assert outlook["everything"]["calls"] == 20 * 100 * 16
    assert outlook["promised"]["calls"] == 1500


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    """An editor can use it."""
    assert "properties" in json.loads(_jointopt("schema", cwd=tmp_path).stdout)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name: quickstart", "name: [quickstart"), ["study.yaml:5:5"]),
        (("- single", "- singel"), ["singel", "single"]),
        (("window: 4", "window: 64"), ["window", "64", "16"]),
        (("threshold: [0.8", "threshold: [0.4"), ["threshold", "0.4", "more than 0.5"]),
        (("window: 4", "windows: 4"), ["windows", "window"]),
        (("- best_of ", "- best_of: {by: loprob} "), ["loprob", "logprob"]),
        (("budget: {calls: 16000}", "budget: {}"), ["budget"]),
        (("sampler: joint", "smapler: joint"), ["smapler", "sampler"]),
        (("n: [1, 2", "n: [0, 2"), ["n"]),
        (("embedded/nano", "embedded/mini"), ["mini", "nano"]),
        (("examples.jsonl ", "exams.jsonl "), ["exams.jsonl"]),
        (("{question: question,", "{question: query,"), ["query"]),
        (("sqlite:///quickstart.db", "sqlite:////proc/none/quickstart.db"), ["/proc/none"]),
    ],
)
def test_a_mistake_is_one_clear_message(tmp_path: Path, change: tuple[str, str], words: list[str]) -> None:
    """Exit code 2, the value and the mend, no traceback, and nothing written."""
    shutil.copytree(QUICKSTART, tmp_path / "s", ignore=shutil.ignore_patterns("*.db*", "*.html"))
    file = tmp_path / "s" / "study.yaml"
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change))
    before = sorted((tmp_path / "s").iterdir())
    done = _jointopt("run", "s/study.yaml", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "mend" in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert sorted((tmp_path / "s").iterdir()) == before


def test_an_unknown_study_and_an_unknown_command_are_refused(tmp_path: Path) -> None:
    """Both with exit code 2 and a hint."""
    missing = _jointopt("run", "nowhere.yaml", cwd=tmp_path)
    assert missing.returncode == 2 and "nowhere.yaml" in missing.stderr
    assert _jointopt("rum", cwd=tmp_path).returncode == 2


def test_a_changed_file_is_refused(folder: Path, tmp_path: Path) -> None:
    """The study goes on only with --force, or under a new name."""
    shutil.copytree(folder, tmp_path / "s")
    file = tmp_path / "s" / "study.yaml"
    file.write_text(file.read_text().replace("seed: 2026", "seed: 2027"))
    done = _jointopt("run", "s/study.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "seed: 2026 -> 2027" in done.stderr and "--force" in done.stderr
