"""A study's files, exactly as they were."""

import pytest

from jointopt.storage import Database, Files, Studies, files, open_database

ODD = {"": b"name: x\n", "../up.md": b"\x00\xff\n", "/abs/é.jsonl": b"", "a\\b c.npz": bytes(range(256)) * 50}


def test_files_come_back_byte_by_byte(database: Database, study_id: int) -> None:
    """Names of every kind are names, and contents are bytes."""
    kept = Files(database)
    assert kept.load(study_id) == {}
    kept.keep(study_id, ODD)
    assert kept.load(study_id) == ODD
    assert kept.sizes(study_id) == {name: len(content) for name, content in ODD.items()}


def test_what_is_kept_anew_takes_the_place_of_the_old(database: Database, studies: Studies, study_id: int) -> None:
    """Of this study alone."""
    kept, other = Files(database), studies.begin("second", "name: second", "digest").id
    kept.keep(study_id, ODD)
    kept.keep(other, ODD)
    kept.keep(study_id, {"": b"name: y\n", "new.md": b"new"})
    assert kept.load(study_id) == {"": b"name: y\n", "new.md": b"new"}
    assert kept.load(other) == ODD


def test_a_file_too_large_is_left_out(database: Database, study_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are kept; nothing fails."""
    monkeypatch.setattr(files, "LARGEST", 3)
    Files(database).keep(study_id, {"large": b"1234", "small": b"123"})
    assert Files(database).load(study_id) == {"small": b"123"}


def test_a_large_file_is_kept(url: str) -> None:
    """Tens of megabytes, in one piece."""
    database = open_database(url)
    study_id = Studies(database).begin("first", "name: first", "digest").id
    content = bytes(40_000_000)
    Files(database).keep(study_id, {"data.parquet": content})
    assert Files(database).load(study_id) == {"data.parquet": content}
    database.close()
