"""Reads docker-compose.yml as the engine would, and says what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
PINNED = re.compile(r"[\w./-]+:\d[\w.-]*(@sha256:[0-9a-f]{64})?")
SECRET = re.compile(r"(?i)password|secret|token|_key$")
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")

Compose = dict[str, Any]


def read_compose() -> Compose:
    """The file, its anchors resolved and its variables as they stand."""
    found: Compose = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """A value with its variables put in, as compose does it; a required one that is missing is a KeyError."""
    if isinstance(value, dict):
        return {key: filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    return VARIABLE.sub(lambda found: _value(found, variables), value) if isinstance(value, str) else value


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, kind, rest = found.groups()
    if variables.get(name):
        return variables[name]
    if kind == "-":
        return str(rest)
    raise KeyError(f"{name}: {rest}")


def flaws(compose: Compose) -> list[str]:
    """What a service lacks, or names that is not there."""
    return sorted(
        f"{name}: {said}" for name, service in compose["services"].items() for said in _flaws_of(service, compose)
    )


def _flaws_of(service: Compose, compose: Compose) -> list[str]:
    tests: dict[str, Callable[[], bool]] = {
        "image not pinned": lambda: not PINNED.fullmatch(service["image"]),
        "no health check": lambda: not service.get("healthcheck", {}).get("test"),
        "runs as root": lambda: service.get("user", "0").split(":")[0] in ("0", "root"),
        "file system can be written": lambda: not service.get("read_only"),
        "keeps capabilities": lambda: service.get("cap_drop") != ["ALL"] or "cap_add" in service,
        "may gain privileges": lambda: "no-new-privileges:true" not in service.get("security_opt", []),
        "privileged": lambda: bool(service.get("privileged")) or "network_mode" in service,
        "port beyond loopback": lambda: (
            not all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
        ),
        "literal secret": lambda: any(map(_is_literal, service.get("environment", {}).items())),
        "unknown network": lambda: not set(service.get("networks", [])) <= set(compose["networks"]),
        "unknown volume": lambda: not _named_volumes(service) <= set(compose["volumes"]),
        "unknown secret": lambda: not set(service.get("secrets", [])) <= set(compose.get("secrets", {})),
        "waits for nobody": lambda: not set(service.get("depends_on", [])) <= set(compose["services"]),
        "on the default network": lambda: not service.get("networks"),
    }
    return [said for said, holds in tests.items() if holds()]


def _is_literal(variable: tuple[str, str]) -> bool:
    name, value = variable
    inside_url = re.search(r"://[^/@]*:[^/@]*@", str(value)) is not None
    required = re.fullmatch(r"\$\{\w+:[?-][^}]*\}", str(value)) is not None and ":-" not in str(value).replace(
        ":-}", ""
    )
    return inside_url or (SECRET.search(name) is not None and not required)


def _named_volumes(service: Compose) -> set[str]:
    names = {str(VARIABLE.sub(".", volume)).split(":")[0] for volume in service.get("volumes", [])}
    return {name for name in names if not name.startswith((".", "/"))}
