"""``jointopt doctor`` and ``check`` against a real server, as a user meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile import faults
from tests.hostile.faults import Fault
from tests.hostile.server import Server, serving

KEY = "sk-planted-key-0123456789abcdef"
STUDY = """
name: examined
task:
  data: examples.jsonl
  fields: {{question: question, answer: answer}}
  sealed: 4
  grader: {{name: exact, after: "gives"}}
prompts: {{plain: "{{question}}"}}
models:
  far: {{endpoint: hosted_vllm/m, base_url: "{url}", price: {{input: 1, output: 2}}, key_env: PLANTED_KEY,
         timeout: 0.5s, patience: 1s}}
strategies: [single, best_of]
n: [1, 8]
budget: {{usd: 1}}
"""


def _study(folder: Path, url: str, *changes: tuple[str, str]) -> Path:
    lines = [json.dumps({"question": f"number {number}?", "answer": "1"}) for number in range(14)]
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = STUDY.format(url=url)
    for change in changes:
        assert change[0] in text
        text = text.replace(*change)
    file = folder / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _jointopt(*arguments: str | Path, key: str | None = KEY) -> subprocess.CompletedProcess[str]:
    """With a key in the environment, or without."""
    environment = {name: value for name, value in os.environ.items() if name != "PLANTED_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "jointopt", *map(str, arguments)],
        env=environment | ({"PLANTED_KEY": key} if key else {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_good_model_is_well(tmp_path: Path) -> None:
    """A table on standard output, progress on standard error, and what it cost; no study is begun."""
    with serving(keys=[KEY], settled=True) as server:
        file = _study(tmp_path, server.url)
        before = sorted(tmp_path.iterdir())
        done = _jointopt("doctor", file)
        bill = server.bill
    assert done.returncode == 0, done.stderr
    assert "far (hosted_vllm/m)" in done.stdout and "as this study needs it" in done.stdout
    assert f"{bill.completions} completions, {bill.tokens:,} tokens" in done.stdout
    assert "mend" not in done.stdout and "broken" not in done.stdout
    assert "far: logprobs" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_json_says_all_of_it(tmp_path: Path) -> None:
    """For scripts: every promise, the spend, and one word for all."""
    with serving(faults.caps_n(4), keys=[KEY], settled=True) as server:
        done = _jointopt("doctor", _study(tmp_path, server.url), "--json")
        tokens = server.bill.tokens
    said = json.loads(done.stdout)
    (model,) = said["models"]
    states = {promise["name"]: promise["state"] for promise in model["promises"]}
    assert done.returncode == 0 and said["sound"] and model["sound"]
    assert states["n"] == "kept" and states["largest n"] == "broken"
    assert said["spend"]["tokens"] == tokens


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.NO_LOGPROBS, ("logprobs", "broken", "best_of: {by: length}")),
        (faults.NO_USAGE, ("usage", "broken")),
        (faults.PAGE_200, ("reachable", "broken", "text/html", "base_url")),
        (faults.HANG, ("reachable", "broken", "0.5 s")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_the_study_needs_and_lacks_is_exit_code_1(tmp_path: Path, fault: Fault, words: tuple[str, ...]) -> None:
    """With a mend below it."""
    with serving(fault, keys=[KEY], settled=True) as server:
        done = _jointopt("doctor", _study(tmp_path, server.url))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert all(word in done.stdout for word in (*words, "mend")), done.stdout


def test_a_study_that_selects_otherwise_is_well_without_logprobs(tmp_path: Path) -> None:
    """What it does not need may be missing."""
    with serving(faults.NO_LOGPROBS, keys=[KEY], settled=True) as server:
        done = _jointopt("doctor", _study(tmp_path, server.url, ("best_of", "majority")))
    assert done.returncode == 0 and "not kept" in done.stdout


def test_the_embedded_model_needs_no_doctor(tmp_path: Path) -> None:
    """It is asked once, and the rest is not asked; a tier that does not exist is told."""
    start = "hosted_vllm/m"
    file = _study(tmp_path, "http://none", (start, "embedded/nano"), ('base_url: "http://none", ', ""))
    text = file.read_text().replace("key_env: PLANTED_KEY,", "max_tokens: 16,")
    file.write_text(text)
    done = _jointopt("doctor", file)
    assert done.returncode == 0 and "in this process" in done.stdout, done.stderr
    file.write_text(text.replace("embedded/nano", "embedded/nani"))
    done = _jointopt("doctor", file)
    assert done.returncode == 1 and "embedded/nano" in done.stdout, done.stderr


def test_a_study_file_that_is_wrong_is_exit_code_2(tmp_path: Path) -> None:
    """Nothing is asked; a path that belongs to a request is refused by the file's reader."""
    with serving() as server:
        done = _jointopt("doctor", _study(tmp_path, f"{server.url}/chat/completions"))
        assert server.visits.requests == 0
    assert done.returncode == 2 and "/chat/completions" in done.stderr and f"write {server.url}" in done.stderr


def _wrong(folder: Path, server: Server, command: str, how: str) -> subprocess.CompletedProcess[str]:
    url, key = server.url, KEY
    if how == "path":
        url = url.removesuffix("/v1")
    if how in ("key", "no key"):
        key = "sk-wrong-key-0123456789abcdef" if how == "key" else ""
    return _jointopt(command, _study(folder, url), key=key or None)


@pytest.mark.parametrize("command", ["doctor", "check"])
@pytest.mark.parametrize(
    ("how", "word"),
    [("key", "check the key in PLANTED_KEY"), ("no key", "export PLANTED_KEY"), ("path", "/v1"), ("model", "spelling")],
)
def test_what_is_wrong_is_told_once(tmp_path: Path, command: str, how: str, word: str) -> None:
    """A key, an address or a name: one request at most, one line with its mend, and no key in it."""
    with serving(keys=[KEY], models=["another" if how == "model" else "m"]) as server:
        done = _wrong(tmp_path, server, command, how)
        assert server.visits.requests <= 1
    said = done.stdout if command == "doctor" else done.stderr
    assert done.returncode == (1 if command == "doctor" else 2)
    assert " ".join(said.split()).count(word) == 1, said
    assert "sk-" not in done.stdout + done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (faults.PAGE_200, "text/html"),
        (faults.REFUSES_LOGPROBS, "take out the selectors"),
        (faults.NO_LOGPROBS, "best_of: {by: length}"),
        (faults.HANG, "0.5 s"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_check_says_what_a_server_lacks(tmp_path: Path, fault: Fault, word: str) -> None:
    """No API, no log-probabilities although the study needs them, no answer: one clear message and exit code 2."""
    with serving(fault, keys=[KEY]) as server:
        done = _jointopt("check", _study(tmp_path, server.url))
    assert done.returncode == 2 and word in done.stderr and "mend" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
