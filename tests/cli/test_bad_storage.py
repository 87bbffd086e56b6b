"""A database that cannot be used is one clear message on the command line, and no password is in anything it says."""

import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jointopt.cli import main
from jointopt.errors import StorageError
from jointopt.search.record import open_trials
from jointopt.storage import Studies, open_database
from tests.postgres import PASSWORD, QUOTED_PASSWORD, Server

SECRETS = (PASSWORD, QUOTED_PASSWORD, "wrong-secret", "wrong%2Dsecret")
ME = f"jointopt:{QUOTED_PASSWORD}"
WRONG = [
    pytest.param("postgresql://jointopt:wrong-secret@{here}/{db}", "password authentication", "right", id="password"),
    pytest.param("postgresql://stranger:wrong-secret@{here}/{db}", "password authentication", "right", id="user"),
    pytest.param(f"postgresql://{ME}@{{here}}/nowhere", "does not exist", "createdb", id="database"),
    pytest.param(f"postgresql://{ME}@127.0.0.1:9/{{db}}", "refused", "start the server", id="port"),
    pytest.param(f"postgresql://{ME}@nowhere.invalid/{{db}}", "resolve", "host and port", id="host"),
    pytest.param(
        f"postgresql://{ME}@192.0.2.1/{{db}}?connect_timeout=2", "192.0.2.1|timeout|unreachable", "host and port",
        id="unreachable",
    ),
    pytest.param("postgresql://jointopt@{here}/{db}?password=wrong-secret", "password", "right", id="query"),
    pytest.param("postgresql://jointopt@{here}/{db}", "no password", "right", id="no password"),
    pytest.param(f"postgresql://{ME}@{{here}}/{{db}}?sslmod=require", "sslmod", "behind the", id="option"),
    pytest.param(f"postgresql://{ME}@{{here}}:/{{db}}:x@", "URL|@|database", "write", id="no URL"),
    pytest.param(f"postgresql+wrong://{ME}@{{here}}/{{db}}", "no driver", "write it as", id="driver"),
    pytest.param(f"mysql://{ME}@{{here}}/{{db}}", "mysql", "write it as", id="kind"),
    pytest.param("postgresql://jointopt:p@ss/w:rd%@{here}/{db}", "URL|@", "write", id="unquoted"),
]  # fmt: skip


def url_of(form: str, server: Server, postgres_url: str) -> str:
    """A URL that is wrong in one place."""
    return form.format(here=f"127.0.0.1:{server.port}", db=postgres_url.rpartition("/")[2])


def leaks(said: str) -> list[str]:
    """The secrets that stand in a text."""
    return [secret for secret in SECRETS if secret in said]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Asks which studies a storage has, is refused, leaves nothing behind, and gives all that was said."""

    def call(url: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["jointopt", "studies", "--storage", url])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert not list(tmp_path.iterdir())
        return "".join(capsys.readouterr())

    return call


@pytest.mark.parametrize(("form", "complaint", "mend"), WRONG)
def test_it_is_one_message_on_the_command_line(
    ask: Callable[[str], str], postgres: Server, postgres_url: str, form: str, complaint: str, mend: str
) -> None:
    """Exit code 2, what failed and the mend, no password, and nothing is left behind."""
    said = ask(url_of(form, postgres, postgres_url))
    assert leaks(said) == []
    assert any(word in said for word in complaint.split("|"))
    assert said.count("mend:") == 1
    assert mend in said


def test_a_process_says_no_more_than_that(postgres: Server, tmp_path: Path) -> None:
    """Nor does anything that is printed while it ends."""
    command = [sys.executable, "-m", "jointopt", "studies", "--storage", postgres.url("nowhere")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 2)
    assert leaks(done.stderr) == []


@pytest.mark.parametrize(("form", "complaint", "mend"), WRONG)
def test_no_password_is_in_an_error_or_a_log(
    postgres: Server, postgres_url: str, caplog: pytest.LogCaptureFixture, form: str, complaint: str, mend: str
) -> None:
    """Whoever prints the whole chain of causes, or listens to every library at its loudest, sees none."""
    url = url_of(form, postgres, postgres_url)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StorageError) as caught:
        open_database(url)
    assert leaks("".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text) == []
    if not complaint.startswith("no driver"):  # what Optuna never sees: our own tables are opened first
        with pytest.raises(StorageError) as caught:
            open_trials(url, "small", sampler="random", seed=1)
        assert leaks("".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text) == []


def test_no_password_is_in_what_an_open_database_shows(
    postgres: Server, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its repr, its URL, the logs of its work, and the error of a server that has gone away."""
    caplog.set_level(logging.DEBUG)
    bare = postgres_url.replace(f"{ME}@", "jointopt@") + f"?password={QUOTED_PASSWORD}"
    for url in (postgres_url, bare):
        with closing(open_database(url, patience_s=0.2)) as database:
            Studies(database).begin("first", "", "", now=0.0)
            postgres.stop()
            try:
                with pytest.raises(StorageError) as caught:
                    Studies(database).names()
            finally:
                postgres.start()
            told = "".join(traceback.format_exception(caught.value))
            assert leaks(repr(database) + database.url + told + caplog.text) == []
            assert "***" in database.url
