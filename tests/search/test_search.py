"""The search: what Optuna is asked, told, and says."""

from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from jointopt.domain import Model, Policy, Prompt, Source, Space
from jointopt.search import SAMPLERS, close_stale, importances, open_trials, suggest

SPACE = Space(
    {"a": Prompt("a", "{question}"), "b": Prompt("b", "{tone} {question}")},
    {"m": Model("m", "embedded/nano")},
    ("single", "majority"),
    (1, 4),
    (0.5, 1.0),
    {"tone": {"bare": "", "kind": "please"}},
)


def _open(tmp_path: Path, name: str = "s", sampler: str = "tpe") -> optuna.Study:
    return open_trials(f"sqlite:///{tmp_path / 'trials.db'}", name, sampler=sampler, seed=1)


def test_every_choice_is_a_trial_parameter(tmp_path: Path) -> None:
    """Prompt, strategy, n, temperature and slot; the only model is none."""
    study = _open(tmp_path)
    wanted = {"prompt": "b", "strategy": "majority", "n": 4, "temperature": 0.5, "slot:tone": "kind"}
    study.enqueue_trial(wanted)
    trial = study.ask()
    assert suggest(trial, SPACE) == Policy(Source("b", "m", 0.5, (("tone", "kind"),)), "majority", 4)
    assert trial.params == wanted


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_sampler_is_reproducible_and_finds_the_better_prompt(tmp_path: Path, sampler: str) -> None:
    """The same seed suggests the same policies; after 40 trials the best has the better prompt."""
    runs = []
    for name in ("one", "two"):
        study, seen = _open(tmp_path, name, sampler), []
        for _ in range(40):
            trial = study.ask()
            policy = suggest(trial, SPACE)
            study.tell(trial, (policy.source.prompt == "b") + 0.1 * policy.n)
            seen.append(policy)
        assert study.best_params["prompt"] == "b"
        runs.append(seen)
    assert runs[0] == runs[1]


def test_stale_trials_are_closed(tmp_path: Path) -> None:
    """What a dead run left running is failed, once."""
    study = _open(tmp_path)
    study.ask()
    assert close_stale(study) == 1
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL]
    assert close_stale(study) == 0


def test_importances_are_told_only_where_trials_can_tell(tmp_path: Path) -> None:
    """None from equal values, and none from too few trials; otherwise they sum to one."""
    study = _open(tmp_path, sampler="random")
    assert importances(study) == {}
    for _ in range(60):
        trial = study.ask()
        policy = suggest(trial, SPACE)
        study.tell(trial, (policy.source.prompt == "b") + 0.01 * policy.n + 0.001 * trial.number)
    found = importances(study)
    assert sum(found.values()) == pytest.approx(1)
    assert max(found, key=found.__getitem__) == "prompt"
