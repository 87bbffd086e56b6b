"""A whole study in a storm: a fifth of all requests meet a fault, and nothing is lost, bought twice or overpaid."""

import json
from pathlib import Path

import pytest

from jointopt.config import read_study
from jointopt.domain import Sample, Spend
from jointopt.study import Study
from tests.hostile import scripts
from tests.hostile.server import serving

KEY = "planted-storm-key-0123456789"
STUDY = """
name: storm
task: {data: examples.jsonl, sealed: 50}
prompts: {a: "{question}", b: "{question} Please.", c: "{question} Think."}
models:
  m: {endpoint: hosted_vllm/m, base_url: "URL", key_env: STORM_KEY, max_tokens: 32, price: {input: 1, output: 2}}
strategies: [single, majority, {early_stop: {window: 4}}]
n: [1, 4, 8, 16, 32]
sampler: uniform
budget: {calls: 44000}
"""


def _write(folder: Path, url: str) -> Path:
    rows = [{"question": f"What is {k} plus {k + 1}?", "answer": str(2 * k + 1)} for k in range(260)]
    (folder / "examples.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    file = folder / "study.yaml"
    file.write_text(STUDY.replace("URL", url), encoding="utf-8")
    return file


def _pooled(study: Study) -> dict[str, list[Sample]]:
    return study.parts.pool.load(study.parts.readings.request_keys())


def test_a_study_in_a_storm_ends_with_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty thousand samples: each is one that the server told once, and the ledger is the server's own bill. The key
    is in nothing that the study leaves behind.
    """
    monkeypatch.setenv("STORM_KEY", KEY)
    with serving(scripts.storm(share=0.2, seed=7), keys=[KEY], keep=False) as server:
        with Study(read_study(_write(tmp_path, server.url))) as study:
            findings = study.run()
            ledger, pooled = study.parts.ledger, _pooled(study)
            pinned = ledger.by_phase()["canary"].calls  # paid like all others, and no part of what the study found
            (tmp_path / "report.html").write_text(study.report(findings), encoding="utf-8")
            assert study.parts.pool.failed_counts() == {}
        bill, met = server.bill, server.visits.met
    samples = [sample for known in pooled.values() for sample in known]
    assert len(samples) == len({sample.text for sample in samples}) >= 20_000
    assert all([one.replicate for one in known] == list(range(len(known))) for known in pooled.values())
    assert (ledger.spent().calls, ledger.spent().tokens) == (len(samples) + pinned, bill.tokens)
    assert ledger.spent().usd == pytest.approx((bill.prompt_tokens + 2 * bill.completion_tokens) / 1e6, rel=1e-9)
    assert bill.completions == len(samples) + pinned + 2 * met["more"]  # what came unasked is paid, and not kept
    assert (ledger.reserved(), ledger.audit()) == (Spend(), [])
    assert sum(met.values()) - met["honest"] >= 0.15 * sum(met.values())
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []
