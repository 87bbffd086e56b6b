"""docker-compose.yml is valid, exposes nothing, and names only what is there."""

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.compose import FILE, VARIABLE, filled, flaws, read_compose

Spoil = Callable[[dict[str, Any]], Any]
SCHEMA = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]


def test_the_file_is_a_compose_file(tmp_path: Path) -> None:
    """It fits the schema of the Compose specification; a misspelt key does not."""
    assert subprocess.run([*SCHEMA, str(FILE)], capture_output=True, check=False).returncode == 0
    spoiled = tmp_path / "docker-compose.yml"
    spoiled.write_text(FILE.read_text().replace("read_only: true", "readonly: true"))
    assert subprocess.run([*SCHEMA, str(spoiled)], capture_output=True, check=False).returncode == 1


def test_nothing_is_wrong_with_it() -> None:
    """Every service is pinned, checked, unprivileged and closed, and every reference leads somewhere."""
    assert flaws(read_compose()) == []


@pytest.mark.parametrize(
    ("service", "spoil", "flaw"),
    [
        ("worker", lambda each: each.update(image="jointopt:latest"), "image not pinned"),
        ("postgres", lambda each: each.update(image="postgres"), "image not pinned"),
        ("trials", lambda each: each.pop("healthcheck"), "no health check"),
        ("dashboard", lambda each: each.pop("user"), "runs as root"),
        ("dashboard", lambda each: each.update(user="0:0"), "runs as root"),
        ("worker", lambda each: each.pop("read_only"), "file system can be written"),
        ("worker", lambda each: each.update(cap_add=["NET_ADMIN"]), "keeps capabilities"),
        ("worker", lambda each: each.pop("security_opt"), "may gain privileges"),
        ("worker", lambda each: each.update(network_mode="host"), "privileged"),
        ("dashboard", lambda each: each.update(ports=["8080:8080"]), "port beyond loopback"),
        ("postgres", lambda each: each.update(ports=["0.0.0.0:5432:5432"]), "port beyond loopback"),
        ("postgres", lambda each: each["environment"].update(POSTGRES_PASSWORD="x"), "literal secret"),
        ("postgres", lambda each: each["environment"].update(POSTGRES_PASSWORD="${P:-x}"), "literal secret"),
        ("worker", lambda each: each["environment"].update(OPENAI_API_KEY="sk-1"), "literal secret"),
        ("worker", lambda each: each["environment"].update(JOINTOPT_STORAGE="postgresql://a:b@c/d"), "literal secret"),
        ("worker", lambda each: each.update(networks=["elsewhere"]), "unknown network"),
        ("postgres", lambda each: each.update(volumes=["elsewhere:/var/lib/postgresql"]), "unknown volume"),
        ("worker", lambda each: each.update(secrets=["elsewhere"]), "unknown secret"),
        ("worker", lambda each: each.update(depends_on={"elsewhere": {}}), "waits for nobody"),
        ("worker", lambda each: each.pop("networks"), "on the default network"),
    ],
)
def test_a_planted_flaw_is_found(service: str, spoil: Spoil, flaw: str) -> None:
    """Each rule is broken once, in a copy, and found by its name."""
    compose = copy.deepcopy(read_compose())
    spoil(compose["services"][service])
    assert f"{service}: {flaw}" in flaws(compose)


def test_what_has_to_be_set_is_asked_for() -> None:
    """The password and the study's name have no default: without them compose stops and says what to set."""
    asked = {found[1] for found in VARIABLE.finditer(FILE.read_text()) if found[2] == "?"}
    assert asked == {"POSTGRES_PASSWORD", "STUDY"}
    with pytest.raises(KeyError, match="set POSTGRES_PASSWORD"):
        filled(read_compose()["services"]["postgres"], {})


def test_the_database_is_out_of_reach() -> None:
    """PostgreSQL is on one network without a way out, and the dashboard, which has no login, is not on it."""
    compose = read_compose()
    services = compose["services"]
    assert services["postgres"]["networks"] == ["data"] and compose["networks"]["data"]["internal"]
    assert "data" not in services["dashboard"]["networks"]
    assert [name for name, service in services.items() if service.get("ports")] == ["dashboard"]
    assert "PGPASSWORD" not in services["dashboard"]["environment"]
