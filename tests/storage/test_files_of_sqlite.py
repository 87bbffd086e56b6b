"""What can befall the file of an SQLite database: each is one message with a mend, and what was kept is not lost.

The disk is full, the file is locked, swapped, or may only be read.
"""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from jointopt.domain import Budget, Message, Model, Request, Sample, Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, SamplePool, Settlement, Studies, open_database
from tests.storage.conftest import on_sqlite

Ask = Callable[[str], Request]
pytestmark = on_sqlite

LONG = "x" * 2000


def buy(database: Database, ask: Ask, number: int) -> None:
    """Reserve, keep and settle one long sample."""
    study_id = Studies(database).find("first").id
    ledger = Ledger(database, study_id, Budget(calls=10**6))
    reservation = ledger.reserve(Spend(1), "search")
    sample = Sample(number, LONG, input_tokens=1)
    SamplePool(database, study_id).keep_and_settle([Settlement(ask("?"), [sample], reservation, Spend(1, 1))])


def buy_on(database: Database, ask: Ask) -> None:
    """Buy more than there is room for."""
    for number in range(1000):
        buy(database, ask, number)


def test_a_full_disk_is_told_and_the_same_call_goes_on(database: Database, study_id: int, ask: Ask) -> None:
    """What was committed stays, the accounts agree, and when there is room again nothing has to be mended."""
    pages = [100]

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    event.listen(database.engine, "connect", limit)
    database.close()  # connections that knew no limit
    with pytest.raises(StorageError, match="full") as caught:
        buy_on(database, ask)
    kept = len(SamplePool(database, study_id).load([ask("?").key])[ask("?").key])
    assert "make room" in caught.value.mend
    assert 0 < kept < 200
    ledger = Ledger(database, study_id, Budget(calls=10**6))
    assert ledger.audit() == []
    assert ledger.spent() == Spend(kept, kept)
    pages[0] = 10_000
    database.close()
    before = ledger.spent() + ledger.reserved()
    buy(database, ask, kept)
    assert ledger.spent() + ledger.reserved() == before + Spend(1, 1)
    assert ledger.audit() == []
    key = ask("?").key
    assert [sample.replicate for sample in SamplePool(database, study_id).load([key])[key]] == [*range(kept + 1)]


FILL = """
import resource, signal, sys
from itertools import count
from jointopt.domain import Budget, Message, Model, Request, Sample, Spend
from jointopt.errors import StorageError
from jointopt.storage import Ledger, SamplePool, Settlement, Studies, open_database

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = open_database(sys.argv[1])
study_id = Studies(database).find("first").id
ledger, pool = Ledger(database, study_id, Budget(calls=10**6)), SamplePool(database, study_id)
request, hard = Request(Model("m", "e/m"), (Message("user", "what?"),), 1.0), resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard[1]))
for replicate in count():
    sample = Sample(replicate, "x" * 2000)
    def call():
        settled = Settlement(request, [sample], ledger.reserve(Spend(1), "search"), Spend(1, 10))
        pool.keep_and_settle([settled])
    try:
        call()
    except StorageError as error:
        print(replicate, error.message, "/", error.mend, flush=True)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, hard)
call()
print(ledger.audit(), ledger.spent().calls)
"""


def test_a_file_that_may_not_grow_is_told_and_the_same_call_goes_on(
    url: str, database: Database, study_id: int
) -> None:
    """The system refuses to write, as it does where a quota is used up; later it lets the process write again."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert limits[0] == resource.RLIM_INFINITY
    done = subprocess.run([sys.executable, "-c", FILL, url], capture_output=True, text=True, check=True)
    refused, ended = done.stdout.splitlines()
    kept = int(refused.split()[0])
    assert "make room" in refused
    assert ended == f"[] {kept + 1}"
    request = Request(Model("m", "e/m"), (Message("user", "what?"),), 1.0)
    assert len(SamplePool(database, study_id).load([request.key])[request.key]) == kept + 1


def test_a_locked_file_is_told(url: str, database: Database, study_id: int) -> None:
    """After as long as the URL says, or half a minute."""
    with closing(open_database(f"{url}?timeout=0.1")) as impatient:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="locked") as caught:
                Studies(impatient).set_state(study_id, "stopped")
            assert "another process holds the file" in caught.value.mend
            assert Studies(impatient).find("first").state == "running"  # who reads does not wait
            other.execute("ROLLBACK")
        Studies(impatient).set_state(study_id, "stopped")


@pytest.mark.parametrize("swap", ["deleted", "moved", "replaced"])
def test_a_file_that_was_swapped_is_not_written_to(
    url: str, database: Database, study_id: int, tmp_path: Path, swap: str
) -> None:
    """SQLite would go on in a file that nobody finds again; when it is put back, the same call goes on."""
    path, aside = tmp_path / "study.db", tmp_path / "aside"
    aside.mkdir()
    mine = sorted(tmp_path.glob("study.db*"))
    for each in mine:
        shutil.move(each, aside) if swap != "deleted" else os.link(each, aside / each.name)
    if swap == "deleted":
        for each in mine:
            each.unlink()
    if swap == "replaced":
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("CREATE TABLE theirs (value)")
    for refused in (lambda: Studies(database).set_state(study_id, "stopped"), lambda: Studies(database).names()):
        with pytest.raises(StorageError, match="moved, deleted or replaced") as caught:
            refused()
        assert "put the file back" in caught.value.mend
    for each in tmp_path.glob("study.db*"):
        each.unlink()
    for each in aside.iterdir():
        shutil.move(each, tmp_path)
    Studies(database).set_state(study_id, "stopped")
    assert Studies(database).find("first").state == "stopped"


IN_A_FOLDER = """
import os, sys
from jointopt.errors import StorageError
from jointopt.storage import Studies, open_database
import sqlalchemy.dialects.sqlite, sqlite3
folder = sys.argv[1]
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
for name, create in (("new.db", True), ("study.db", True), ("study.db", False)):
    try:
        database = open_database(f"sqlite:///{folder}/{name}", create=create)
        Studies(database).begin("second", "", "")
        print("written")
    except StorageError as error:
        print(error.message, "/", error.mend)
"""


@pytest.fixture
def shut_folder() -> Iterator[Path]:
    """A folder with a database, that whoever is not root can only read."""
    folder = Path(tempfile.mkdtemp(prefix="jointopt-shut-"))
    with closing(open_database(f"sqlite:///{folder / 'study.db'}")) as database:
        Studies(database).begin("first", "", "")
    (folder / "study.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_can_only_be_read_is_told(url: str, shut_folder: Path) -> None:
    """For a new file, for one that is there, and for a command that wants no new one but writes."""
    done = subprocess.run([sys.executable, "-c", IN_A_FOLDER, shut_folder], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert len(said) == 3
    assert not [line for line in said if "permission" not in line]
