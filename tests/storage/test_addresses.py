"""A URL is read as its user meant it, and its secrets are never shown."""

import pytest

from jointopt.errors import StorageError
from jointopt.storage import masked
from jointopt.storage.addresses import address_of


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:s:e@c/ret@host/db", "postgresql://me:***@host/db"),
        (
            "postgresql://host/db?user=me&password=secret&sslmode=on",
            "postgresql://host/db?user=me&password=***&sslmode=on",
        ),
        ("postgresql+psycopg://me:secret@host/db?options=a@b", "postgresql+psycopg://me:***@b"),
        ("host=here password=secret dbname=db", "host=here password=***"),
        ("sqlite:///study.db", "sqlite:///study.db"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    """Whatever stands in it, and wherever it stands."""
    assert masked(url) == shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_by_psycopg(scheme: str) -> None:
    """As every tool writes its URL; whoever names another driver gets that."""
    address = address_of(f"{scheme}://me:p%40ss@host:5433/db?sslmode=require")
    assert address.render_as_string(False) == "postgresql+psycopg://me:p%40ss@host:5433/db?sslmode=require"
    assert address_of("postgresql+psycopg2://host/db").drivername == "postgresql+psycopg2"


def test_an_at_sign_in_a_password_is_not_taken_for_the_host() -> None:
    """Else half of the password would be looked up on the network, and shown."""
    with pytest.raises(StorageError, match="@ in the user") as caught:
        address_of("postgresql://me:se@cret@host/db")
    assert "cret" not in str(caught.value)
    assert "%40" in caught.value.mend
    with pytest.raises(StorageError, match="@ in the user") as caught:
        address_of("postgresql://me:se@cr/et@host/db")
    assert "cr" not in str(caught.value)
    assert address_of("sqlite:///me@home.db").database == "me@home.db"
    assert address_of("postgresql://me@home:secret@host/db").username == "me@home"
