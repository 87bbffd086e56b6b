"""A study goes on from its database alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jointopt.config import Plan, read_study
from jointopt.errors import StorageError, StudyChanged, StudyFileError, UnknownStudy
from jointopt.storage import Files, Studies
from jointopt.study import Study
from jointopt.study.kept import read_kept

WriteStudy = Callable[[int], Path]
# Optuna's own connections are closed when Python ends.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore:.*BaseConnection.__del__:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def plan(small_study: WriteStudy, url: str) -> Plan:
    """A small study, whose file says where it is kept."""
    file = small_study(200)
    file.write_text(f"storage: '{url}'\n{file.read_text()}", encoding="utf-8")
    return read_study(file)


def _forget(plan: Plan) -> None:
    """Lose every file of the study."""
    for file in plan.path.parent.iterdir():
        if file.suffix in (".yaml", ".jsonl"):
            file.unlink()


def test_a_study_goes_on_without_its_files(plan: Plan, url: str) -> None:
    """Its plan is the same, it runs to its end, and the password is not among what is kept."""
    with Study(plan) as begun:
        kept = Files(begun.parts.database).load(begun.parts.row.id)
    _forget(plan)
    again = read_kept(url, "small")
    assert replace(again, path=plan.path) == plan
    assert b"p%40ss" not in b"".join(kept.values()) and set(kept) == {"", "examples.jsonl"}
    with Study(again) as resumed:
        assert resumed.run().spend.calls > 0
        assert resumed.finished


def test_an_unknown_study_and_one_without_files_say_what_to_do(plan: Plan, url: str) -> None:
    """The nearest name; and a run with the study file, as for a study that an older jointopt began."""
    with Study(plan) as begun:
        study_id = begun.parts.row.id
        with begun.parts.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM jointopt_files")
    with pytest.raises(UnknownStudy, match="did you mean 'small'"):
        read_kept(url, "smal")
    with pytest.raises(StorageError, match="run it once with its study file"):
        read_kept(url, "small")
    with Study(plan) as again:
        assert Files(again.parts.database).sizes(study_id)
    assert read_kept(url, "small").digest == plan.digest


def test_files_of_another_digest_are_refused(plan: Plan, url: str) -> None:
    """As where an older or newer jointopt reads them otherwise."""
    with Study(plan) as begun:
        Studies(begun.parts.database).amend(begun.parts.row.id, "{}", "other")
    with pytest.raises(StorageError, match="as another study"):
        read_kept(url, "small")


def test_a_changed_file_is_kept_where_it_is_forced(small_study: WriteStudy) -> None:
    """What the study goes on with is what its database has."""
    with Study(read_study(small_study(300))) as begun:
        url = begun.plan.storage
    changed = read_study(small_study(400))
    with pytest.raises(StudyChanged, match="the file has changed"):
        Study(changed)
    assert read_kept(url, "small").budget.calls == 300
    with Study(changed, force=True):
        assert read_kept(url, "small").digest == changed.digest


def test_two_files_of_one_name_are_told_apart(small_study: WriteStudy, tmp_path: Path) -> None:
    """The message names the file that began the study, what differs, and both mends."""
    file = small_study(300)
    with Study(read_study(file)) as begun:
        url = begun.plan.storage
    other = file.with_name("other.yaml")
    other.write_text(f"storage: {url}\n{file.read_text().replace('seed: 3', 'seed: 4')}", encoding="utf-8")
    with pytest.raises(StudyChanged, match="begun by another file") as refused:
        Study(read_study(other))
    assert all(word in str(refused.value) for word in (str(file), str(other), "seed: 3 -> 4", "--force", "new name"))


def test_a_budget_below_what_is_spent_is_refused(small_study: WriteStudy) -> None:
    """With --force too; the figures are told, and the study stays as it was."""
    with Study(read_study(small_study(300))) as begun:
        spent, url = begun.run().spend.calls, begun.plan.storage
    lower = read_study(small_study(spent - 1))
    with pytest.raises(StudyFileError, match=f"budget.calls is {spent - 1}, and {spent} are spent already") as refused:
        Study(lower, force=True)
    assert f"write {spent} or more" in refused.value.mend
    assert read_kept(url, "small").budget.calls == 300
    with Study(read_study(small_study(spent)), force=True) as same:
        assert same.plan.budget.calls == spent
    timed = small_study(300)
    timed.write_text(timed.read_text().replace("{calls: 300}", "{calls: 300, usd: 0.000001, wall_clock: 0.001s}"))
    with pytest.raises(StudyFileError, match=r"budget\.(usd|wall_clock) is"):
        Study(read_study(timed), force=True)
