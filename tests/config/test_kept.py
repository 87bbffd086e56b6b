"""What a database keeps of a study's files gives the same plan on a machine that has none of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jointopt.config import Plan, kept_files, read_files
from jointopt.errors import StorageError, StudyFileError, UserError
from jointopt.providers import connect_all

if TYPE_CHECKING:
    from tests.config.conftest import Folder

URL = "sqlite:////elsewhere/study.db"
SECRET = "pl4nted-p4ssword"
RECORD = json.dumps({"example": "1", "prompt": "plain", "answer": "2"}).encode()


def _again(plan: Plan) -> Plan:
    """The plan as it comes back from a database."""
    return read_files(kept_files(plan), name=plan.name, storage=URL)


def _same(plan: Plan) -> Plan:
    """The plan that came back, which is the same but for where it is kept, and how messages call its file."""
    again = _again(plan)
    assert replace(again, storage=plan.storage, path=plan.path) == plan
    assert (again.storage, again.digest) == (URL, plan.digest)
    return again


def test_a_small_study_comes_back(folder: Folder) -> None:
    """The same digest, task, space and budget, though its folder is gone."""
    plan = folder.read()
    kept = kept_files(plan)
    for file in folder.path.iterdir():
        file.unlink()
    again = read_files(kept, name="small", storage=URL)
    assert replace(again, storage=plan.storage, path=plan.path) == plan


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_data_of_every_format_comes_back(folder: Folder, kind: str) -> None:
    """CSV and Parquet as well as JSONL."""
    rows = [json.loads(line) for line in (folder.path / "examples.jsonl").read_text().splitlines()]
    if kind == "csv":
        folder.write("e.csv", "question,answer\n" + "\n".join(f"{row['question']},{row['answer']}" for row in rows))
    else:
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(rows), folder.path / "e.parquet")
    folder.replace("examples.jsonl", f"e.{kind}")
    assert _same(folder.read()).task == folder.read().task


def test_prompts_of_a_pattern_of_parents_and_of_absolute_paths_come_back(folder: Folder, tmp_path: Path) -> None:
    """In their order, whatever path the study file names them by."""
    inner = folder.path / "inner"
    inner.mkdir()
    for name in ("study.yaml", "examples.jsonl"):
        (folder.path / name).rename(inner / name)
    folder.study = inner / "study.yaml"
    folder.write("up.md", "Up: {question}")
    (tmp_path / "away.md").write_text("Away: {question}")
    folder.replace("examples.jsonl", f"{inner}/examples.jsonl")
    prompts = f"  up: {{file: ../up.md}}\n  away: {{file: {tmp_path}/away.md}}\n"
    folder.replace('  plain: "{question}"\n', prompts)
    assert list(_same(folder.read()).space.prompts) == ["up", "away", "steps"]
    folder.write("inner/b.md", "B: {question}")
    folder.write("inner/a.md", "A: {question}")
    steps = '  steps: {system: Think., user: "{question} Work step by step."}\n'
    folder.replace(f"prompts:\n{prompts}{steps}", 'prompts: "*.md"\n')
    assert list(_same(folder.read()).space.prompts) == ["a", "b"]


def test_judges_prompts_and_recorded_tables_come_back(folder: Folder) -> None:
    """A table is replayed from the database, JSON lines, packed ones and shares alike."""
    folder.write("judge.md", "{question} {answer}")
    folder.write("lines.jsonl", RECORD)
    folder.write("packed.jsonl.gz", gzip.compress(RECORD))
    np.savez(folder.path / "shares.npz", probs=np.array([[[0.5, 0.5]]]))
    folder.replace("nano: embedded/nano", "{a: replay/lines.jsonl, b: replay/packed.jsonl.gz, c: replay/shares.npz}")
    folder.add("strategies: [single, {best_of: {by: [careful]}}]\n")
    folder.add("judges: {careful: {model: embedded/nano, prompt: {file: judge.md}}}\n")
    plan = _same(folder.read())
    for model, provider in connect_all(plan.space.models.values()).items():
        assert provider.price(plan.space.models[model]).input_usd == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            'plain: "{question}"',
            'plain: "1e-3 {question}"\n  odd: "on: {question}\\t\\u00e9\\U0001F600\\x7f\\x85 # no"',
        ),
        ('plain: "{question}"', "plain: |\n    {question}\n\n      indented: yes\n    2024-01-01\n"),
        ("models:", 'slots: {s: {"1e-3": "1e-3", yes: "no", "null": "~", "2024-01-01": "0x1F"}}\nmodels:'),
        ("n: [1, 4]", "n: &ns [1, 4]\ntemperatures: [1e-5, 0.1, 1]\nslots: {}"),
        ("name: small", "name: '007'\nseed: 3\ntrials: 2000000000"),
    ],
)
def test_odd_values_come_back_as_they_are(folder: Folder, old: str, new: str) -> None:
    """Text that looks like a number, a date or a switch stays text, and numbers stay numbers."""
    folder.replace(old, new)
    if "slots: {s" in new:
        folder.replace('plain: "{question}"', 'plain: "{question}{s}"')
    _same(folder.read())


@pytest.mark.parametrize(
    "lines",
    [
        "storage: postgresql://me:{}@host/db\n",
        'storage: "postgresql://me:pl4nted\\u002dp4ssword@host/db"\n',
        "storage: &where postgresql://me:{}@host/db\nwarm_start: {{study: old, storage: *where}}\n",
        "# storage: postgresql://me:{}@host/db\n",
        "warm_start: {{study: old, storage: 'postgresql://me:{}@other/db'}}\n",
        "storage: postgresql://host/db?user=me&password={}\n",
    ],
)
def test_no_password_is_kept(folder: Folder, lines: str) -> None:
    """However the file writes it, in a comment too; the digest is that of the file."""
    folder.add(lines.format(SECRET) if "{}" in lines else lines)
    plan = folder.read()
    kept = b"".join(kept_files(plan).values())
    assert SECRET.encode() not in kept and b"p4ssword" not in kept and b"host" not in kept
    assert _again(plan).digest == plan.digest


def test_a_warm_start_from_the_same_database_is_kept(folder: Folder) -> None:
    """It is looked for where the study itself is now; one of another database is left out."""
    folder.add("warm_start: old\n")
    warm = _again(folder.read()).warm_start
    assert warm is not None and (warm.study, warm.storage) == ("old", URL)
    folder.replace("warm_start: old", "warm_start: {study: old, storage: other.db}")
    assert _again(folder.read()).warm_start is None


def test_names_in_a_database_reach_no_file(folder: Folder, tmp_path: Path) -> None:
    """A file that is not kept is refused with the mend, though one of that path is on the disk."""
    away = tmp_path / "away.jsonl"
    away.write_text((folder.path / "examples.jsonl").read_text())
    for data in (str(away), "../" * 30 + str(away)[1:], "examples.jsonl"):
        kept = kept_files(folder.read())
        study = kept[""].replace(b"examples.jsonl", data.encode())
        with pytest.raises(StorageError, match="run it once with its study file") as refused:
            read_files({"": study, "other.jsonl": kept["examples.jsonl"]}, name="small", storage=URL)
        assert data in str(refused.value)
    with pytest.raises(StorageError, match="the study file"):
        read_files({}, name="small", storage=URL)


@pytest.mark.parametrize(
    "study", [b"\xff\xfe", b"[", b"!!python/object/apply:os.system ['true']", b"a: &a [*a]", b"name: x\nname: y", b""]
)
def test_a_spoilt_study_file_is_one_message(study: bytes) -> None:
    """Nothing in it is executed."""
    with pytest.raises(UserError):
        read_files({"": study}, name="small", storage=URL)


def test_a_file_that_changes_meanwhile_is_not_kept(folder: Folder) -> None:
    """What is kept is what the study began with, or nothing is."""
    plan = folder.read()
    folder.write("examples.jsonl", "other")
    with pytest.raises(StudyFileError, match="changed while"):
        kept_files(plan)
    (folder.path / "examples.jsonl").unlink()
    with pytest.raises(StudyFileError, match="any more"):
        kept_files(plan)


def test_a_module_that_is_not_here_is_named(folder: Folder) -> None:
    """Code is never kept: whoever reads a study elsewhere is told what to install."""
    kept = _with_own_grader(folder)
    kept[""] = kept[""].replace(b"only_there:Mine", b"not_here:Mine")
    with pytest.raises(StudyFileError, match="No module named 'not_here'") as refused:
        read_files(kept, name="small", storage=URL, code=["not_here"])
    assert "PYTHONPATH" in refused.value.mend
    assert not any(name.endswith(".py") for name in kept)


def test_code_that_a_database_names_is_called_where_it_is_permitted(folder: Folder) -> None:
    """By the module's name, or that of its package."""
    kept = _with_own_grader(folder)
    with pytest.raises(UserError, match="only_there:Mine: a database says to call this") as refused:
        read_files(kept, name="small", storage=URL, code=["only", "there", "only_there.inner"])
    assert "JOINTOPT_CODE=only_there" in refused.value.mend
    assert read_files(kept, name="small", storage=URL, code=["only_there"]).digest == folder.read().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"sealed: 0.4", b"sealed: 0.4\n  grader: {name: exact, forms: ['os:system']}"),
        (b"sealed: 0.4", b"sealed: 0.4\n  grader: {name: 'subprocess:Popen', args: ['touch', 'harm']}"),
        (b"budget:", b"strategies: [{best_of: {by: 'builtins:exec'}}]\nbudget:"),
        (b"budget:", b"strategies: ['antigravity:fly']\nbudget:"),
    ],
)
def test_a_database_runs_nothing(folder: Folder, old: bytes, new: bytes) -> None:
    """Whatever it names as a grader, a form, a strategy or a selector."""
    kept = kept_files(folder.read())
    assert old in kept[""]
    with pytest.raises(UserError, match="you did not permit it"):
        read_files({**kept, "": kept[""].replace(old, new)}, name="small", storage=URL)


def _with_own_grader(folder: Folder) -> dict[str, bytes]:
    """What is kept of a study with a grader of the user's own."""
    folder.write("only_there.py", "from jointopt.grading.exact import Exact\n\nclass Mine(Exact):\n    pass\n")
    folder.replace("sealed: 0.4", "sealed: 0.4\n  grader: only_there:Mine")
    return kept_files(folder.read())
