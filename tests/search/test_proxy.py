"""Trials reached through Optuna's proxy are the trials of the database."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jointopt.errors import StorageError
from jointopt.search import close_stale, close_trials, open_trials, reach_trials
from jointopt.search.record import PROXY
from tests.loopback import free_port

MODULE = [sys.executable, "-m", "dashboards.proxy"]


@contextmanager
def _proxy(url: str) -> Iterator[str]:
    """A proxy in a process of its own; its address."""
    port = free_port()
    running = subprocess.Popen([*MODULE, "--storage", url, "--port", str(port)], stderr=subprocess.PIPE)
    address = f"grpc://127.0.0.1:{port}"
    try:
        while subprocess.run([*MODULE, "--check", address], capture_output=True, check=False).returncode:
            assert running.poll() is None, "the proxy stopped"
        yield address
    finally:
        running.terminate()
        running.communicate(timeout=30)


def test_two_clients_and_the_database_see_the_same_trials(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What two clients ask and tell through the proxy is what the database holds, and what they would do without it."""
    direct = open_trials(postgres_url, "direct", sampler="random", seed=7)
    with _proxy(postgres_url) as address:
        monkeypatch.setenv(PROXY, address)
        one, two = (open_trials(postgres_url, "proxied", sampler="random", seed=7) for _ in range(2))
        for number in range(4):
            client = (one, two)[number % 2]
            for trials in (direct, client):
                trial = trials.ask()
                trial.suggest_float("x", 0, 1)
                trials.tell(trial, number / 4)
        left = two.ask()
        left.set_user_attr("prompt", "a \N{SNOWMAN}")
        monkeypatch.delenv(PROXY)
        seen = open_trials(postgres_url, "proxied", sampler="random", seed=7)
        assert [trial.number for trial in seen.trials] == [0, 1, 2, 3, 4]
        assert [trial.value for trial in seen.trials][:4] == [trial.value for trial in direct.trials]
        assert seen.trials[0].params == direct.trials[0].params  # the same seed chooses the same
        assert seen.trials == one.trials == two.trials
        assert close_stale(one) == 1 and not close_stale(seen)
        assert len(direct.trials) == 4
        for trials in (direct, one, two, seen):
            close_trials(trials)


@pytest.mark.parametrize("address", ["grpc://host", "grpc://host:0", "grpc://host:70000", "grpc://a:b@host:13000"])
def test_what_is_no_address_of_a_proxy_is_refused(address: str) -> None:
    """A message names the form, before anything is called."""
    with pytest.raises(StorageError, match="write it as grpc://host:13000"):
        reach_trials(address)


def test_a_proxy_that_is_not_there_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for a proxy and finds none is told what to start, and nothing goes around it."""
    monkeypatch.setattr("jointopt.search.proxy.PATIENCE_S", 0.5)
    monkeypatch.setenv(PROXY, f"grpc://127.0.0.1:{free_port()}")
    with pytest.raises(StorageError, match=r"no proxy of Optuna's answers[\s\S]*python -m dashboards.proxy"):
        open_trials("sqlite:///unused.db", "small", sampler="random", seed=1)


def test_a_port_that_is_taken_and_a_database_that_is_not_there_are_one_message() -> None:
    """The proxy's process ends with the exit code of a mistake, and without a traceback."""
    command = [*MODULE, "--storage", "postgresql://nobody@127.0.0.1:1/none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "mend:" in done.stderr and "Traceback" not in done.stderr
