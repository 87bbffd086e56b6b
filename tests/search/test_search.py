"""The search: what Optuna is asked, told, and says."""

from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from jointopt.domain import Mode, Model, Policy, Prompt, Source, Space, Tactic
from jointopt.search import SAMPLERS, close_stale, importances, open_trials, suggest

SPACE = Space(
    {"a": Prompt("a", "{question}"), "b": Prompt("b", "{tone} {question}")},
    {"m": Model("m", "embedded/nano")},
    {"single": {}, "majority": {}, "adaptive_consistency": {"threshold": (0.9, 0.95), "window": (4,)}},
    (1, 4),
    (0.5, 1.0),
    {"tone": {"bare": "", "kind": "please"}},
    {"plain": Mode("plain"), "think": Mode("think", system="think hard")},
    {Tactic("single", 4): Tactic("single", 1)},
)


def _open(tmp_path: Path, name: str = "s", sampler: str = "tpe") -> optuna.Study:
    return open_trials(f"sqlite:///{tmp_path / 'trials.db'}", name, sampler=sampler, seed=1)


WANTED = {
    "prompt": "b",
    "mode": "think",
    "strategy": "majority",
    "adaptive_consistency.threshold": 0.9,
    "n": 4,
    "temperature": 0.5,
    "slot:tone": "kind",
}


def test_every_choice_is_a_trial_parameter(tmp_path: Path) -> None:
    """Prompt, mode, strategy and its options, n, temperature and slot; the only model and window are none."""
    study = _open(tmp_path)
    study.enqueue_trial(WANTED)
    trial = study.ask()
    source = Source("b", "m", 0.5, (("tone", "kind"),), "think")
    assert suggest(trial, SPACE) == Policy(source, "majority", 4)
    assert trial.params == WANTED


def test_an_option_belongs_to_its_strategy_alone(tmp_path: Path) -> None:
    """The threshold is part of the policy where its strategy is chosen, with the options that have one value; policies
    that cannot differ are one.
    """
    study = _open(tmp_path)
    for strategy in ("adaptive_consistency", "single"):
        study.enqueue_trial(WANTED | {"strategy": strategy})
    adaptive, single = (suggest(study.ask(), SPACE) for _ in range(2))
    assert adaptive.options == (("threshold", 0.9), ("window", 4))
    assert (single.strategy, single.n, single.options) == ("single", 1, ())
    assert {adaptive, single} <= set(SPACE.policies())


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
        study.tell(trial, (suggest(trial, SPACE).source.prompt == "b") + 0.0001 * trial.number)
    found = importances(study)
    assert sum(found.values()) == pytest.approx(1)
    assert max(found, key=found.__getitem__) == "prompt"
