"""A PostgreSQL database that cannot be used is one clear message with a mend, and never shows a password."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from jointopt.errors import StorageError
from jointopt.storage import Database, open_database
from tests.postgres import PASSWORD, QUOTED_PASSWORD, Server


def refused(url: str) -> StorageError:
    """The refusal of a URL, which shows no password, however it is written."""
    with pytest.raises(StorageError) as caught:
        open_database(url)
    said = str(caught.value)
    assert not [secret for secret in (PASSWORD, QUOTED_PASSWORD, "wrong-secret") if secret in said]
    assert "***" in caught.value.where
    assert caught.value.mend
    assert "\n" not in caught.value.message
    return caught.value


def test_a_wrong_password(postgres: Server) -> None:
    """User or password: the server does not say which."""
    for url in (postgres.url("postgres", password="wrong-secret"), postgres.url("postgres", user="stranger")):
        error = refused(url)
        assert "password authentication failed" in error.message
        assert "see that user and password are right" in error.mend


def test_an_unknown_database(postgres: Server) -> None:
    """It is named."""
    error = refused(postgres.url("nowhere"))
    assert 'database "nowhere" does not exist' in error.message
    assert "createdb" in error.mend


@pytest.mark.parametrize(
    ("place", "complaint"),
    [("127.0.0.1:9", "refused"), ("nowhere.invalid", "resolve"), (f"?host={Path('/nonexistent')}", "No such file")],
)
def test_a_server_that_is_not_there(place: str, complaint: str) -> None:
    """Down, misspelt, or elsewhere."""
    start = f"postgresql://jointopt:{QUOTED_PASSWORD}@"
    error = refused(f"{start}/db{place}" if place.startswith("?") else f"{start}{place}/db")
    assert complaint in error.message
    assert "start the server, or mend host and port" in error.mend


@pytest.mark.parametrize("option", ["sslmod=require", "connect_timeout=soon", "sslmode=perhaps"])
def test_a_wrong_option_in_the_url(postgres: Server, option: str) -> None:
    """What follows the question mark is the driver's, and its complaint is passed on."""
    error = refused(f"{postgres.url('postgres')}?{option}")
    assert option.partition("=")[0] in error.message
    assert "behind the ?" in error.mend


def test_a_user_without_rights(postgres: Server, postgres_url: str) -> None:
    """Who may not make tables is told which right is lacking."""
    postgres.say("CREATE ROLE guest LOGIN PASSWORD 'wrong-secret'")
    try:
        error = refused(postgres_url.replace(f"jointopt:{QUOTED_PASSWORD}", "guest:wrong-secret"))
    finally:
        postgres.say("DROP ROLE guest")
    assert "permission denied" in error.message
    assert "GRANT USAGE, CREATE" in error.mend


def test_a_database_that_only_reads(postgres_url: str) -> None:
    """A copy that follows another server takes no samples."""
    error = refused(f"{postgres_url}?options=-c%20default_transaction_read_only%3Don")
    assert "read-only" in error.message
    assert "primary" in error.mend


def test_a_statement_or_a_wait_that_takes_too_long(postgres_url: str) -> None:
    """The server ends it, and the mend says what to look at."""
    url = f"{postgres_url}?options=-c%20statement_timeout%3D500%20-c%20lock_timeout%3D100"
    lock = "LOCK TABLE jointopt_studies IN ACCESS EXCLUSIVE MODE"
    with closing(open_database(url)) as database:
        with pytest.raises(StorageError, match="statement timeout") as caught:
            write(database, "SELECT pg_sleep(5)")
        assert "statement_timeout" in caught.value.mend
        with database.write() as holder:
            holder.execute(text(lock))
            with pytest.raises(StorageError, match="lock timeout") as caught:
                write(database, lock)
        assert "pg_stat_activity" in caught.value.mend


def write(database: Database, statement: str) -> None:
    """One statement in a transaction of its own."""
    with database.write() as connection:
        connection.execute(text(statement))
