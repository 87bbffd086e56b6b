"""``jointopt samples``: people trust what they can read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jointopt.cli.main import app
from jointopt.cli.samples import in_full
from jointopt.errors import UserError
from jointopt.reports import Exhibition
from tests.exam import write_exam

STUDY = """
name: small
task:
  data: examples.jsonl
  fields: {question: question, answer: answer}
  sealed: 8
  grader: {name: exact, after: "answer:"}
prompts: {plain: "{question}", steps: "{question} think step by step."}
models:
  nano: {endpoint: embedded/nano, max_tokens: 48, concurrency: 64, price: {input: 1, output: 2}}
strategies: [single, majority, best_of]
n: [1, 4]
budget: {calls: 400}
seed: 3
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a study that has run to its end."""
    folder = tmp_path_factory.mktemp("study")
    write_exam(folder)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    assert CliRunner().invoke(app, ["run", str(folder / "study.yaml"), "--json"]).exit_code == 0
    return folder / "study.yaml"


def _said(study: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["samples", str(study), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_list_says_of_each_example_how_it_went(study: Path) -> None:
    """The winner's examples; those that were right and those that were not add up to all that were played."""
    every = json.loads(_said(study, "--json", "--limit", "99"))
    assert every["total"] == len(every["examples"]) > 8
    parts = [json.loads(_said(study, side, "--json", "--limit", "99"))["examples"] for side in ("--right", "--wrong")]
    assert {one["verdict"] for one in parts[0]} == {"right"} and "right" not in {one["verdict"] for one in parts[1]}
    played = [one for one in every["examples"] if one["verdict"] != "not played"]
    assert sum(map(len, parts)) == len(played)
    words = _said(study, "--limit", "2")
    assert f"{every['total']} examples with samples" in words and f"--limit {every['total']}" in words
    assert len(words.splitlines()) == 6


def test_an_example_is_shown_in_full(study: Path) -> None:
    """Question, prompt, every sample, the votes, the answer and the reference, for any policy by its name."""
    policy = "steps x majority of 4 on nano, T=1"
    found = json.loads(_said(study, "--policy", policy, "--json"))["examples"][0]
    words = _said(study, "--policy", policy, "--example", found["example"])
    for part in (policy, found["question"], found["reference"], found["messages"][0]["content"]):
        assert part in words
    assert all(sample["text"] in words for sample in found["samples"])
    assert f"{len(found['samples'])} of {found['held']} samples in the pool" in words
    again = json.loads(_said(study, "--policy", policy, "--example", found["example"], "--json"))
    assert {name: again[name] for name in found} == found and again["policy"] == policy


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--policy", "stepz x majority of 4 on nano, T=1"], "did you mean 'steps x majority of 4 on nano, T=1'"),
        (["--example", "nowhere"], "no example 'nowhere'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest(study: Path, options: list[str], words: str) -> None:
    """One message, no traceback."""
    result = CliRunner().invoke(app, ["samples", str(study), *options])
    assert isinstance(result.exception, UserError)
    assert words in str(result.exception) and "mend" in str(result.exception)


def test_no_text_of_a_model_rules_the_terminal(hostile_exhibition: Exhibition) -> None:
    """Escape sequences, half characters and reversed text come out as marks."""
    words = in_full("a policy", hostile_exhibition.shown[0])
    assert "<script>alert(1)</script>" in words
    assert not set(words) & set("\x00\x1b\x9b\u202e\ud800\ufffe")
