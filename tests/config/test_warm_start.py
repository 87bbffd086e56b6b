"""The key that names the study to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jointopt.config import WarmStart

if TYPE_CHECKING:
    from tests.config.conftest import Folder


@pytest.mark.parametrize(
    ("line", "study", "file"),
    [
        ("warm_start: old", "old", "jointopt.db"),
        ("warm_start: {study: old}", "old", "jointopt.db"),
        ("warm_start: {study: old, storage: there/old.db}", "old", "there/old.db"),
        ("warm_start: {study: old, storage: sqlite:///old.db}", "old", "old.db"),
    ],
)
def test_a_name_is_enough_and_a_path_stands_for_its_file(folder: Folder, line: str, study: str, file: str) -> None:
    """The storage is the study's own where none is named; paths begin at the study file's folder."""
    assert folder.read().warm_start is None
    folder.add(f"{line}\n")
    found = folder.read().warm_start
    assert found == WarmStart(study, f"sqlite:///{folder.path / file}", f"{folder.study}:12: warm_start")


def test_where_a_study_begins_is_no_change_of_it(folder: Folder) -> None:
    """The digest stays, so that a study that has begun may drop the key or add it; nor is a password kept."""
    before = folder.read()
    folder.add("warm_start: {study: old, storage: 'postgresql://me:secret@host/db'}\n")
    after = folder.read()
    assert after.digest == before.digest and after.text == before.text
    assert after.warm_start is not None and after.warm_start.storage == "postgresql://me:secret@host/db"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("warm_start: {studdy: old}", ["study.yaml:12", "studdy", "study"]),
        ("warm_start: {storage: old.db}", ["study"]),
        ("warm_start: [old]", ["warm_start"]),
        ("warm_start: an old one", ["an old one"]),
    ],
)
def test_what_names_no_study_is_refused(folder: Folder, line: str, words: list[str]) -> None:
    """With the line, the value and the mend."""
    folder.add(f"{line}\n")
    said = folder.refusal()
    assert all(word in said for word in words), said
