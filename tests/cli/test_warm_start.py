"""`jointopt run --warm-start`, as a user types it."""

import json
import subprocess
import sys
from pathlib import Path

STUDY = """
name: {name}
task:
  data: examples.jsonl
  grader: {{name: exact, after: "answer:"}}
prompts: {{plain: "{{question}}", steps: "{{question}} think step by step."}}
models: {{nano: {{endpoint: embedded/nano, max_tokens: 32, price: {{input: 1, output: 2}}}}}}
n: [1, 2]
budget: {{calls: 200}}
trials: 3
"""


def _jointopt(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jointopt", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_run_begins_with_another_study_and_status_says_so(tmp_path: Path) -> None:
    """Run, status and JSON tell what was taken over; a name that is not known is one message with the nearest."""
    rows = [json.dumps({"question": f"what is {n} plus {n + 1} ?", "answer": str(2 * n + 1)}) for n in range(20)]
    (tmp_path / "examples.jsonl").write_text("\n".join(rows))
    for name in ("old", "new"):
        (tmp_path / f"{name}.yaml").write_text(STUDY.format(name=name))
    assert _jointopt("run", "old.yaml", cwd=tmp_path).returncode == 0
    refused = _jointopt("run", "new.yaml", "--warm-start", "odl", cwd=tmp_path)
    assert refused.returncode == 2 and "did you mean 'old'?" in refused.stderr and "Traceback" not in refused.stderr
    done = _jointopt("run", "new.yaml", "--warm-start", "old", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Warm start from 'old' (20 examples shared)" in done.stdout
    assert "Warm start from 'old'" in _jointopt("status", "new.yaml", cwd=tmp_path).stdout
    status = json.loads(_jointopt("status", "new.yaml", "--json", cwd=tmp_path).stdout)
    report = json.loads(_jointopt("report", "new.yaml", "--json", cwd=tmp_path).stdout)["findings"]
    assert status["taken_over"] == report["taken_over"] and report["taken_over"]["samples"] > 0
    assert report["frontier"]["steps"] and report["frontier"]["unit"] == "usd"
