"""A model that cannot be used is one clear message, from ``check`` and from ``run``, however many requests met it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from jointopt.cli.main import main
from tests.hostile import faults
from tests.hostile.server import Server, serving

KEY = "planted-wrong-key-0123456789"
STUDY = """
name: bad
task: {data: examples.jsonl, sealed: 20}
prompts: {a: "{question}", b: "{question} Please."}
models:
  m: {endpoint: hosted_vllm/m, base_url: "URL", key_env: SOME_KEY, max_tokens: 32, price: 0, patience: 1s}
strategies: [single, majority, best_of]
n: [1, 4]
budget: {calls: 2000}
"""
BAD: dict[str, tuple[Callable[[], AbstractContextManager[Server]], str, list[str]]] = {
    # name: (the server, the end of its address, words of the message)
    "a wrong key": (lambda: serving(keys=["other"]), "/v1", ["refuses the key", "check the key in SOME_KEY"]),
    "an unknown model": (lambda: serving(models=["other"]), "/v1", ["there is no model 'hosted_vllm/m'", "spelling"]),
    "no API": (lambda: serving(faults.PAGE_200), "/v1", ["no JSON but text/html; is base_url right?"]),
    "a path that is missing": (serving, "", ["there is no model 'hosted_vllm/m'", "base_url", "/v1"]),
    "no log-probabilities": (lambda: serving(faults.NO_LOGPROBS), "/v1", ["gives no log-probabilities", "length"]),
    "refused log-probabilities": (
        lambda: serving(faults.REFUSES_LOGPROBS),
        "/v1",
        ["does not support 'logprobs'", "selectors that need log-probabilities"],
    ),
    "no credit": (lambda: serving(faults.NO_CREDIT), "/v1", ["no credit left", "top it up"]),
}


Run = Callable[[str, str], str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls a command on the study, with its model at an address, and returns what it said when it failed."""
    monkeypatch.setenv("SOME_KEY", KEY)
    rows = "\n".join(f'{{"question": "{k} plus 1?", "answer": "{k + 1}"}}' for k in range(60))
    (tmp_path / "examples.jsonl").write_text(rows, encoding="utf-8")

    def call(command: str, url: str) -> str:
        file = tmp_path / "study.yaml"
        file.write_text(STUDY.replace("URL", url), encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["jointopt", command, str(file)])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        return "\n".join(line for line in capsys.readouterr().err.splitlines() if not line.startswith("phase "))

    return call


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("bad", BAD)
def test_it_is_one_clear_message(run: Run, bad: str, command: str) -> None:
    """Exit code 2, what failed, and the mend; the key is not shown, and nobody is asked a thousand times."""
    start, path, words = BAD[bad]
    with start() as server:
        said = run(command, server.url.removesuffix("/v1") + path)
        assert server.visits.summary()["requests"] <= 150
    assert all(word in said for word in words), said
    assert len(said.splitlines()) <= 2 and said.startswith("jointopt: "), said
    assert KEY not in said
