"""Dockerfile and Kubernetes Job say the same as docker-compose.yml, and run as nobody special."""

import re
from typing import Any

import pytest
import yaml

from tests.dashboards.compose import ROOT, SECRET, read_compose

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
JOB = ROOT / "dashboards" / "kubernetes.yaml"


def stages(text: str) -> list[list[tuple[str, str]]]:
    """The instructions of every stage of a Dockerfile, as word and rest."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def flaws(text: str) -> list[str]:
    """What is wrong with a Dockerfile."""
    found = stages(text)
    all_of = [each for stage in found for each in stage]
    users = [rest for word, rest in found[-1] if word == "USER"]
    sources = [name for word, rest in all_of if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    secrets = [rest for word, rest in all_of if word in ("ARG", "ENV") for name in rest.split() if SECRET.search(name)]
    said = {
        "root": not users or users[-1].split(":")[0] in ("", "0", "root"),
        "base": not all(re.match(r"[\w/-]+:\d+\.\d+\.\d+-slim", rest) for word, rest in all_of if word == "FROM"),
        "source": not all((ROOT / name).exists() for name in sources),
        "download": any(word == "ADD" for word, _ in all_of),
        "secret": bool(secrets),
        "compiler": any("apt-get" in rest or "gcc" in rest for word, rest in found[-1] if word == "RUN"),
    }
    return [name for name, wrong in said.items() if wrong]


def test_nothing_is_wrong_with_the_image() -> None:
    """Bases are pinned, sources exist, nothing is downloaded or secret, and the last user is not root."""
    assert flaws(DOCKERFILE) == []
    assert ("ENTRYPOINT", '["jointopt"]') in stages(DOCKERFILE)[-1]


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("USER 10001:10001", "USER root", "root"),
        ("USER 10001:10001\n", "", "root"),
        ("python:3.11.14-slim-bookworm AS", "python:3 AS", "base"),
        ("COPY jointopt jointopt", "COPY elsewhere jointopt", "source"),
        ("COPY jointopt jointopt", "ADD https://example.org/a.tar /source", "download"),
        ("PYTHONUNBUFFERED=1", "PGPASSWORD=1", "secret"),
        ("RUN groupadd", "RUN apt-get install gcc && groupadd", "compiler"),
    ],
)
def test_a_planted_flaw_is_found(old: str, new: str, flaw: str) -> None:
    """Each rule is broken once, in a copy, and found by its name."""
    assert old in DOCKERFILE
    assert flaw in flaws(DOCKERFILE.replace(old, new))


def test_only_what_the_wheel_needs_reaches_the_image() -> None:
    """The context begins empty, lets in what is copied, and keeps databases out."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    copied = {name for word, rest in stages(DOCKERFILE)[0] if word == "COPY" for name in rest.split()[:-1]}
    assert lines[0] == "*" and {line[1:] for line in lines if line[0] == "!"} == copied
    assert "**/*.db" in lines[len(copied) :]


def _job() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(JOB.read_text(encoding="utf-8"))
    return job


def test_the_job_runs_what_compose_runs() -> None:
    """Kind, image, command and user are those of compose's worker."""
    job, worker = _job(), read_compose()["services"]["worker"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert container["image"] == worker["image"]
    assert [word for word in container["args"] if word != "my-study"] == [w for w in worker["command"] if "$" not in w]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == worker["user"]
    assert pod["terminationGracePeriodSeconds"] == 120 and worker["stop_grace_period"] == "2m"
    assert job["spec"]["parallelism"] > 1 and "completions" not in job["spec"] and job["spec"]["backoffLimit"]
    assert pod["restartPolicy"] == "OnFailure"


def test_the_job_holds_no_secret_and_no_privilege() -> None:
    """Secrets come from a Secret; the container is not root, gains nothing and writes nowhere but to /tmp."""
    pod = _job()["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert all("secretKeyRef" in each["valueFrom"] and "value" not in each for each in container["env"])
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"] and container["resources"]["limits"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
