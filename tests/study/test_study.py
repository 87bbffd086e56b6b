"""A study from its first call to its findings, on real completions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from jointopt.analysis import Procedure, to_json, verdict
from jointopt.config import read_study
from jointopt.errors import NothingToReport, StudyChanged, StudyFileError, UnknownStudy
from jointopt.study import Progress, Study

WriteStudy = Callable[[int], Path]


def _texts(study: Study) -> dict[str, list[str]]:
    """Every sample's text, by request."""
    sources, examples = study.plan.space.sources(), study.plan.task.dev
    requests = [study.parts.readings.request(source, example) for source in sources for example in examples]
    return {request.key: [sample.text for sample in study.parts.readings.samples(request)] for request in requests}


def test_a_study_runs_to_its_findings_within_its_budget(small_study: WriteStudy) -> None:
    """It spends no more than promised, scores the seal, compares the procedures, and a second run buys nothing."""
    told: list[Progress] = []
    with Study(read_study(small_study(600)), on_progress=told.append) as study:
        findings = study.run()
        assert study.finished
        assert study.parts.ledger.audit() == []
        assert study.parts.ledger.reserved().calls == 0
        page = study.report(findings)
    assert 0 < findings.spend.calls <= 600
    assert findings.counts.sealed == 8
    assert [entry.procedure for entry in findings.comparison] == list(Procedure)
    assert findings.interaction is not None or findings.interaction_note
    assert {progress.phase for progress in told} == {"search", "table", "sealed"}
    assert "<html" in page and str(findings.winner.policy.source.prompt) in page
    assert verdict(findings) and to_json(findings)
    with Study(read_study(small_study(600))) as again:
        repeated = again.run()
        assert again.parts.draw.tally.bought == 0
    assert repeated.spend == findings.spend
    assert repeated.winner == findings.winner


def test_trials_are_ordinary_optuna_trials(small_study: WriteStudy) -> None:
    """Prompt, strategy and n are parameters; nothing is left running; the values are utilities."""
    plan = read_study(small_study(400))
    with Study(plan) as study:
        study.run()
    trials = optuna.load_study(study_name="small", storage=plan.storage).get_trials()
    assert {name for trial in trials for name in trial.params} == {"prompt", "strategy", "n"}
    assert all(trial.state.is_finished() for trial in trials)
    assert any(trial.value is not None and 0 <= trial.value <= 1 for trial in trials)


def test_the_same_seed_draws_the_same_samples(small_study: WriteStudy, tmp_path: Path) -> None:
    """Two studies with one seed and separate storages agree on every sample that both drew."""
    plan = read_study(small_study(300))
    other = replace(plan, storage=f"sqlite:///{tmp_path / 'other.db'}")
    with Study(plan) as one, Study(other) as two:
        one.run()
        two.run()
        first, second = _texts(one), _texts(two)
    shared = [(first[key], second[key]) for key in first if first[key] and second[key]]
    assert len(shared) >= 16
    assert all(a[: len(b)] == b[: len(a)] for a, b in shared)


def test_a_budget_below_one_block_says_so(small_study: WriteStudy) -> None:
    """Ten calls do not cover a block of sixteen examples: refused with the least that does, and nothing is spent."""
    with Study(read_study(small_study(10))) as study:
        with pytest.raises(StudyFileError, match="allow 128 calls at least"):
            study.run()
        assert study.parts.ledger.spent().calls == 0
        with pytest.raises(NothingToReport, match="no policy has been judged yet"):
            study.findings()


def test_a_changed_study_file_is_refused_until_forced(small_study: WriteStudy) -> None:
    """The message says what changed; with force the samples stay and the study goes on."""
    with Study(read_study(small_study(300))) as study:
        before = study.run().spend.calls
    plan = read_study(small_study(500))
    with pytest.raises(StudyChanged, match=r"budget\.calls: 300 -> 500"):
        Study(plan)
    with Study(plan, force=True) as study:
        findings = study.run()
    assert before <= findings.spend.calls <= 500


def test_looking_at_a_study_that_never_began_is_an_error(small_study: WriteStudy) -> None:
    """Nothing is written by looking."""
    file = small_study(300)
    with pytest.raises((UnknownStudy, Exception)) as refused:
        Study(read_study(file), create=False)
    assert "Error" in type(refused.value).__name__ or isinstance(refused.value, UnknownStudy)
    assert not list(file.parent.glob("*.db"))
