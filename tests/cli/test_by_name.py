"""Commands that find a study by its name, and what they say where that makes no sense."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from jointopt.cli import status
from jointopt.cli.main import main
from jointopt.storage import Crew, SamplePool, Studies, open_database

STUDY = """
name: small
task: {data: examples.jsonl, sealed: 4}
prompts: {a: "{question}"}
models: {nano: {endpoint: embedded/nano, max_tokens: 8, price: {input: 1, output: 1}}}
strategies: [single]
n: [1]
budget: {calls: 30}
storage: "URL"
"""


@dataclass
class Shell:
    """Calls the command line in a folder, and has what it said."""

    folder: Path
    url: str
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, and what went to either output."""
        self.monkeypatch.setattr("sys.argv", ["jointopt", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err and "p%40ss" not in said.out + said.err
        return int(end.value.code or 0), said.out, said.err

    def refused(self, *arguments: str) -> str:
        """What is said of a user's mistake; it has a mend."""
        code, _, said = self(*arguments)
        assert code == 2 and "mend: " in said, said
        return said


@pytest.fixture(params=["sqlite", "postgresql"])
def shell(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A folder with a small study that has been run."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    rows = "\n".join(json.dumps({"question": f"{k} plus 1?", "answer": str(k + 1)}) for k in range(10))
    (tmp_path / "examples.jsonl").write_text(rows)
    (tmp_path / "study.yaml").write_text(STUDY.replace("URL", url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JOINTOPT_STORAGE", raising=False)
    shell = Shell(tmp_path, url, monkeypatch, capsys)
    code, _, said = shell("run", "study.yaml", "--json")
    assert code == 0, said
    return shell


def test_a_study_is_found_by_its_name(shell: Shell) -> None:
    """From an argument or from the environment; a file's own storage gives way to them."""
    by_file, by_name = (
        shell("status", "study.yaml", "--json"),
        shell("status", "small", "--storage", shell.url, "--json"),
    )
    assert by_file == by_name and json.loads(by_name[1])["state"] == "finished"
    shell.monkeypatch.setenv("JOINTOPT_STORAGE", shell.url)
    assert shell("status", "small", "--json") == by_name
    assert "has finished" in shell("stop", "small")[1]
    assert "has finished" in shell("worker", "--study", "small")[2]
    assert shell("resume", "small", "--json")[0] == 0 and (shell.folder / "small-report.html").exists()
    assert "small" in shell("studies")[1]
    other = f"sqlite:///{shell.folder / 'other.db'}"
    shell.monkeypatch.setenv("JOINTOPT_STORAGE", other)
    assert "other.db does not exist" in shell.refused("status", "study.yaml")


BAD: dict[str, tuple[list[str], list[str]]] = {
    "an unknown study": (["status", "smal", "--storage", "URL"], ["did you mean 'small'?"]),
    "one to resume": (["resume", "smal", "--storage", "URL"], ["did you mean 'small'?"]),
    "one to work on": (["worker", "--study", "smal", "--storage", "URL"], ["did you mean 'small'?"]),
    "one to stop": (["stop", "smal", "--storage", "URL"], ["did you mean 'small'?"]),
    "one to delete": (["delete", "smal", "--yes", "--storage", "URL"], ["did you mean 'small'?"]),
    "no storage": (["resume", "small"], ["no database is named", "JOINTOPT_STORAGE"]),
    "no storage for a worker": (["worker", "--study", "small"], ["no database is named"]),
    "a name without storage": (["status", "small"], ["no such study file", "--storage"]),
    "no URL": (["worker", "--study", "small", "--storage", "nonsense"], ["no database URL"]),
    "no worker": (["run", "study.yaml", "--workers", "0"], ["0 workers will not do", "write 1 to 128"]),
    "fewer than none": (["run", "study.yaml", "--workers", "-3"], ["-3 workers"]),
    "a host full of workers": (["run", "study.yaml", "--workers", "100000"], ["100000 workers", "jointopt worker"]),
    "no lease": (["worker", "--study", "small", "--storage", "URL", "--lease", "0"], ["a lease of 0 s"]),
    "nobody to ask": (["delete", "small", "--storage", "URL"], ["add --yes", "30 samples"]),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("shell", ["sqlite"], indirect=True)
def test_a_mistake_is_one_message(shell: Shell, bad: str) -> None:
    """With the value and the mend; nothing is changed."""
    arguments, words = BAD[bad]
    before = shell("status", "study.yaml", "--json")
    said = shell.refused(*[shell.url if one == "URL" else one for one in arguments])
    if bad == "nobody to ask":
        words = ["add --yes"]
    assert all(word in said for word in words), said
    assert shell("status", "study.yaml", "--json") == before


def _left(url: str) -> tuple[list[str], int]:
    """The names of the studies, and how many samples there are."""
    database = open_database(url)
    found = Studies(database).names(), SamplePool(database, 0).count()
    database.close()
    return found


def test_a_study_is_deleted_and_its_samples_stay(shell: Shell) -> None:
    """Its name is free again, and the same study buys nothing a second time; with --samples all of it goes."""
    names, samples = _left(shell.url)
    assert names == ["small"] and samples > 0
    code, out, _ = shell("delete", "study.yaml", "--yes")
    assert code == 0 and f"{samples} samples" in out and "stay for other studies" in out
    assert _left(shell.url) == ([], samples)
    assert shell("run", "study.yaml", "--json")[0] == 0
    assert _left(shell.url) == (["small"], samples)
    assert json.loads(shell("status", "study.yaml", "--json")[1])["spend"]["calls"] == 0
    shell("delete", "study.yaml", "--yes")
    (shell.folder / "study.yaml").write_text(
        STUDY.replace("URL", shell.url).replace("name: small", "name: fresh\nseed: 2")
    )
    assert shell("run", "study.yaml", "--json")[0] == 0
    both = _left(shell.url)[1]
    assert both > samples
    assert shell("delete", "fresh", "--yes", "--samples", "--storage", shell.url)[0] == 0
    assert _left(shell.url) == ([], samples)


def test_a_study_that_somebody_works_on_is_not_deleted(shell: Shell) -> None:
    """Its worker is named, and how to stop it."""
    database = open_database(shell.url)
    crew = Crew(database, Studies(database).find("small").id, name="elsewhere:1:2")
    crew.join()
    said = shell.refused("delete", "small", "--yes", "--storage", shell.url)
    assert "elsewhere:1:2" in said and "jointopt stop small" in said
    assert "workers 1" in shell("status", "small", "--storage", shell.url)[1]
    crew.leave()
    assert shell("delete", "small", "--yes", "--storage", shell.url)[0] == 0
    database.close()


def test_a_study_whose_workers_died_is_told_interrupted(shell: Shell) -> None:
    """As long as its worker lives it runs; then `status` says since when, and who follows it is not kept for ever."""
    database = open_database(shell.url)
    row, named = Studies(database).find("small"), ("small", "--storage", shell.url)
    Studies(database).set_state(row.id, "running")
    crew = Crew(database, row.id, name="elsewhere:1:2")
    crew.join()
    assert crew.conduct()
    assert "small: running" in shell("status", *named)[1]
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE jointopt_workers SET expires_at = expires_at - 100")
        connection.exec_driver_sql("UPDATE jointopt_studies SET beat_at = beat_at - 100")
    _, said, _ = shell("status", *named)
    assert "small: interrupted, no worker for 1 min 4" in said and "`jointopt resume small` goes on" in said
    assert json.loads(shell("status", *named, "--json")[1])["state"] == "interrupted"
    shell.monkeypatch.setattr(status, "EVERY_S", 0.5)
    shell.monkeypatch.setattr(status, "SILENT_S", 1.0)
    code, said, _ = shell("status", *named, "--follow")
    assert (code, said.count("small: interrupted")) == (130, 3)
    assert " interrupted begun" in shell("studies", "--storage", shell.url)[1]
    assert shell("resume", "small", "--storage", shell.url, "--json")[0] == 0
    assert "small: finished" in shell("status", *named, "--follow")[1]
    database.close()


def test_a_worker_without_files_or_key_says_what_is_missing(shell: Shell) -> None:
    """The study began with an older jointopt; or the environment lacks the variable, which is named."""
    text = STUDY.replace("URL", shell.url).replace("name: small", "name: keyed")
    keyed = text.replace("embedded/nano", "hosted_vllm/m, base_url: 'http://127.0.0.1:9/v1', key_env: A_KEY")
    (shell.folder / "study.yaml").write_text(keyed)
    assert "A_KEY is not set" in shell.refused("run", "study.yaml")
    database = open_database(shell.url)
    row = Studies(database).find("small")
    Studies(database).set_state(row.id, "running")
    with database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM jointopt_files WHERE study_id = {row.id}")
        connection.exec_driver_sql("UPDATE jointopt_studies SET begun_at = 0")
    database.close()
    assert "run it once with its study file" in shell.refused("worker", "--study", "small", "--storage", shell.url)
