"""The register: what a study began with, how far it is, and that one process runs it."""

import time
from threading import Thread

import pytest
from sqlalchemy import Connection

from jointopt.errors import StudyLost, UnknownStudy
from jointopt.storage import Database, Studies


def test_a_study_begins_once(studies: Studies) -> None:
    """Beginning again finds the first one, text and all."""
    first = studies.begin("maths", "name: maths", "abc", now=12.5)
    again = studies.begin("maths", "name: maths # changed", "def", now=99.0)
    assert first == again
    assert (first.study_text, first.digest, first.begun_at) == ("name: maths", "abc", 12.5)
    assert (first.state, first.elapsed_s) == ("running", 0.0)


def test_a_study_begins_by_the_clock_of_its_database(
    studies: Studies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that another machine can tell how old it is."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 300)
    assert studies.begin("maths", "", "").begun_at == pytest.approx(database.query(database.now), abs=30)


def test_threads_begin_a_study_once(studies: Studies) -> None:
    """However many begin it at the same moment."""
    threads = [Thread(target=studies.begin, args=("maths", "", "", 0.0)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert studies.names() == ["maths"]


def test_an_amended_study_goes_on_from_the_new_text(studies: Studies, study_id: int) -> None:
    """Only the text and its digest change."""
    before = studies.find("first")
    studies.amend(study_id, "name: first # two", "other")
    assert studies.find("first") == before._replace(study_text="name: first # two", digest="other")


def test_an_unknown_study_names_the_nearest(studies: Studies) -> None:
    """The mend is a name that exists."""
    studies.begin("quickstart", "", "", now=0.0)
    with pytest.raises(UnknownStudy, match="did you mean 'quickstart'") as caught:
        studies.find("quikstart")
    assert "quikstart" in caught.value.where
    with pytest.raises(UnknownStudy, match="studies there: quickstart"):
        studies.find("zzz")


def test_state_and_time_are_kept(studies: Studies, study_id: int) -> None:
    """The latest that was said of them."""
    studies.set_state(study_id, "stopped")
    studies.set_elapsed(study_id, 1.5)
    studies.set_elapsed(study_id, 3.75)
    assert (studies.find("first").state, studies.find("first").elapsed_s) == ("stopped", 3.75)


def test_small_results_are_recorded_and_recalled(studies: Studies, study_id: int) -> None:
    """The latest stays; what was never recorded is None; text of any kind survives."""
    value = {"winner": "p\0\ud800", "scores": [0.1, None], "deep": {"é": True}}
    studies.record(study_id, "finding", 1)
    studies.record(study_id, "finding", value)
    other = studies.begin("second", "", "", now=0.0).id
    assert studies.recall(study_id, "finding") == value
    assert studies.recall(study_id, "nothing") is None
    assert studies.recall(other, "finding") is None


def test_what_a_fence_refuses_is_not_recorded(studies: Studies, study_id: int) -> None:
    """The fence stands in the same transaction."""

    def refuse(connection: Connection) -> None:
        raise StudyLost("another one conducts")

    studies.record(study_id, "finding", 1)
    with pytest.raises(StudyLost):
        studies.record(study_id, "finding", 2, refuse)
    assert studies.recall(study_id, "finding") == 1


def test_the_register_is_kept_in_the_database(database: Database, studies: Studies, study_id: int) -> None:
    """Another register on the same database sees the same studies."""
    assert Studies(database).all() == studies.all()
    assert studies.find("first").id == study_id
