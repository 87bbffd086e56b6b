"""``jointopt compare``: each procedure with what it used, one difference, one sentence; and what cannot be compared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jointopt.analysis import Contender, Difference, Estimate, Findings, Procedure
from jointopt.cli.compare import outcome
from jointopt.cli.main import app
from jointopt.domain import Policy, Source
from jointopt.errors import NothingToReport, StudyFileError
from tests.exam import write_exam

STUDY = """
name: small
task:
  data: examples.jsonl
  fields: {{question: question, answer: answer}}
  sealed: 8
  grader: {{name: exact, after: "answer:"}}
prompts: {prompts}
models:
  nano: {{endpoint: embedded/nano, max_tokens: 48, concurrency: 64, price: 0}}
strategies: {strategies}
n: {ns}
budget: {{calls: {calls}}}
seed: 3
"""
PROMPTS = '{plain: "{question}", steps: "{question} think step by step."}'
MANY = "{" + ", ".join(f'p{number}: "{{question}} {number}"' for number in range(8)) + "}"
CHOICES = {"prompts": PROMPTS, "strategies": "[single, majority]", "ns": "[1, 2]", "calls": "500"}


def _write(folder: Path, **choices: str) -> str:
    write_exam(folder)
    file = folder / "study.yaml"
    file.write_text(STUDY.format(**CHOICES | choices), encoding="utf-8")
    return str(file)


def test_a_study_is_run_and_its_procedures_are_compared(tmp_path: Path) -> None:
    """Policy, calls, dev, sealed and difference of each procedure; said again, it costs nothing and says the same."""
    file = _write(tmp_path)
    first = CliRunner().invoke(app, ["compare", file])
    assert first.exit_code == 0, first.output
    for procedure in Procedure:
        assert f"{procedure}: " in first.stdout
    assert "flattered" in first.stdout and "on the 8 sealed examples" in first.stdout
    assert first.stdout.strip().splitlines()[-1].startswith(("Joint search", "Tuning prompt and strategy apart"))
    assert CliRunner().invoke(app, ["compare", file]).stdout == first.stdout


def test_json_says_what_each_might_use_and_did(tmp_path: Path) -> None:
    """The same numbers for scripts: no procedure used more than joint."""
    said = json.loads(CliRunner().invoke(app, ["compare", _write(tmp_path), "--json"]).stdout)
    joint, *rivals = said["comparison"]
    assert joint["contender"]["calls"] == joint["allowed_calls"] > 0
    for rival in rivals:
        assert 0 < rival["contender"]["calls"] <= rival["allowed_calls"] == joint["allowed_calls"]
        found = rival["contender"]["difference"]
        assert found["low"] <= found["mean"] <= found["high"] and 0 <= found["p"] <= 1
        assert rival["outcome"] in ("joint better", "no difference shown", "joint worse", "the same policy")
    assert said["verdict"]


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"prompts": '{plain: "{question}"}'}, "one prompt: 'plain'"),
        ({"strategies": "[majority]", "ns": "[2]"}, "one model, strategy and n"),
        ({"prompts": '{plain: "{question}"}', "strategies": "[single]", "ns": "[1]"}, "one prompt, and one model"),
    ],
)
def test_a_space_that_leaves_nothing_to_compare_costs_nothing(
    tmp_path: Path, choices: dict[str, str], words: str
) -> None:
    """It is refused in words before the first call."""
    refused = CliRunner().invoke(app, ["compare", _write(tmp_path, **choices)])
    assert isinstance(refused.exception, NothingToReport)
    assert words in str(refused.exception) and "name several" in str(refused.exception)
    assert not list(tmp_path.glob("*.db"))


def test_a_budget_that_tells_no_prompts_apart_is_refused(tmp_path: Path) -> None:
    """With the least that does, before the first call."""
    refused = CliRunner().invoke(app, ["compare", _write(tmp_path, prompts=MANY, calls="80")])
    assert isinstance(refused.exception, StudyFileError)
    assert "tell 8 sources apart" in str(refused.exception) and "allow 428 calls at least" in str(refused.exception)


def test_a_budget_that_ends_before_the_table_says_so(tmp_path: Path) -> None:
    """Under a sampler that begins with any budget: what is missing, and the mend."""
    file = Path(_write(tmp_path, prompts=MANY, calls="80"))
    file.write_text(file.read_text(encoding="utf-8") + "sampler: random\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["compare", str(file)])
    assert isinstance(refused.exception, NothingToReport)
    assert "the budget ended before" in str(refused.exception) and "--force" in str(refused.exception)


def test_every_outcome_has_its_words(findings: Findings) -> None:
    """Better, worse, undecided, the same policy whatever the numbers; and as on the page, corrected for all rivals."""
    policy, other = (Policy(Source(prompt, "nano", 1.0), "single", 1) for prompt in ("plain", "steps"))
    joint = replace(_rival(policy, None), procedure=Procedure.JOINT)

    def said(*rivals: Contender) -> list[str]:
        compared = replace(findings, comparison=(joint, *rivals))
        return [outcome(compared, entry) for entry in compared.comparison]

    gaps = {"joint better": (0.1, 0.3), "joint worse": (-0.3, -0.1), "no difference shown": (-0.1, 0.1)}
    for words, (low, high) in gaps.items():
        assert said(_rival(other, Difference(0.0, low, high, 0.04, 20))) == ["", words]
    assert said(_rival(policy, Difference(0.0, 0.0, 0.0, 1.0, 20))) == ["", "the same policy"]
    near = _rival(other, Difference(0.2, 0.1, 0.3, 0.04, 20))
    assert said(near, replace(near, procedure=Procedure.PROMPT_FIRST)) == ["", *["no difference shown"] * 2]


def _rival(policy: Policy, found: Difference | None) -> Contender:
    return Contender(Procedure.PROMPT_ONLY, policy, 10, 0.5, Estimate(0.5, 0.3, 0.7), found)
