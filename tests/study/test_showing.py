"""What a dashboard shows while a study runs is worked out beside the run, and holds it up in nothing."""

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jointopt.analysis import Findings
from jointopt.config import read_study
from jointopt.reports import Board, board
from jointopt.study import Progress, Study, study
from jointopt.study.conclude import conclude
from tests.exam import write_exam
from tests.hostile.server import serving

STUDY = """
name: shown
task:
  data: examples.jsonl
  fields: {{question: question, answer: answer}}
  grader: {{name: exact, after: "answer:"}}
prompts: {{plain: "{{question}}", steps: "{{question}} think step by step."}}
models:
  m: {{endpoint: hosted_vllm/m, base_url: "{url}", max_tokens: 16, concurrency: 4, price: {{input: 1, output: 2}}}}
strategies: [single, majority]
n: [1, 4]
sampler: random
budget: {{calls: 400}}
"""
PATIENCE_S = 60.0


def test_the_run_goes_on_while_its_figures_are_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that takes, samples arrive meanwhile; and they are shown before the run ends."""
    begun, gone_on, concluded, shown = (threading.Event() for _ in range(4))
    bought, waited, seen = list[int](), list[bool](), list[bool]()

    def slowly(*given: Any) -> Findings:
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            waited.append(gone_on.wait(PATIENCE_S))
        found = conclude(*given)
        concluded.set()
        return found

    class Watched(Board):
        """Says when it has shown something."""

        def publish(self, findings: Findings) -> None:
            super().publish(findings)
            shown.set()

    def told(progress: Progress) -> None:
        bought.extend([progress.bought] if begun.is_set() else [])
        if len(set(bought)) >= 3:
            gone_on.set()
        if concluded.is_set():
            seen.append(shown.wait(PATIENCE_S))  # the run is held, so that it has not ended before

    monkeypatch.setattr(board, "_GUESS_S", 0.0)
    monkeypatch.setattr(study, "Board", partial(Watched, share=1.0, every_s=0.0))
    monkeypatch.setattr(study, "conclude", slowly)
    write_exam(tmp_path)
    with serving(delay_s=0.1, settled=True) as model:
        (tmp_path / "study.yaml").write_text(STUDY.format(url=model.url), encoding="utf-8")
        with Study(read_study(tmp_path / "study.yaml"), on_progress=told) as opened:
            opened.run()
    assert waited[0], "no sample was bought while the figures were worked out"
    assert seen[0], "no figure was shown while the study ran"
