"""What a dashboard shows while a study runs is worked out beside the run, and holds it up in nothing."""

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects

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
SLOW_S = 3.0


def test_the_run_goes_on_while_its_figures_are_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that takes, samples arrive meanwhile, and the figures are there before the study has ended."""
    spans, arrived, shown = list[tuple[float, float]](), list[float](), list[bool]()

    def slowly(*given: Any) -> Findings:
        began_s, beside = time.monotonic(), threading.current_thread() is not threading.main_thread()
        time.sleep(SLOW_S if beside else 0)
        found = conclude(*given)
        if beside:
            spans.append((began_s, time.monotonic()))
        return found

    def told(progress: Progress) -> None:
        arrived.append(time.monotonic())
        attributes = opened.trials._storage.get_study_system_attrs(opened.trials._study_id)  # noqa: SLF001
        shown.append(bool(get_plotly_graph_objects(dict(attributes))))

    monkeypatch.setattr(board, "_GUESS_S", 0.0)
    monkeypatch.setattr(study, "Board", partial(Board, share=1.0, every_s=0.0))
    monkeypatch.setattr(study, "conclude", slowly)
    write_exam(tmp_path)
    with serving(delay_s=0.1, settled=True) as model:
        (tmp_path / "study.yaml").write_text(STUDY.format(url=model.url), encoding="utf-8")
        with Study(read_study(tmp_path / "study.yaml"), on_progress=told) as opened:
            opened.run()
    (began_s, ended_s), *_ = spans
    within = [at for at in arrived if began_s <= at <= ended_s]
    assert len(within) >= 3
    assert any(shown)
