"""The search: what Optuna is asked, told, and says."""

from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import optuna
import pytest
from optuna.trial import FixedTrial, TrialState

from jointopt.config.file import StudyFile
from jointopt.domain import Mode, Model, Policy, Prompt, Scalar, Source, Space, Tactic
from jointopt.errors import StudyFileError
from jointopt.search import SAMPLERS, close_stale, distributions, importances, open_trials, parameters, plans, suggest
from jointopt.search.samplers import Grid, Planned

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


TORCH = find_spec("torch") is not None
SUGGESTING = sorted(name for name in SAMPLERS if not plans(name) and (TORCH or name != "gp"))


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


def test_every_policy_has_the_parameters_that_suggest_it() -> None:
    """There and back for the whole space, folded tactics and options too."""
    for policy in SPACE.policies():
        assert suggest(FixedTrial(parameters(policy, SPACE)), SPACE) == policy


@pytest.mark.parametrize("sampler", SUGGESTING)
def test_a_sampler_is_reproducible_and_finds_the_better_prompt(tmp_path: Path, sampler: str) -> None:
    """The same seed suggests the same policies; after 40 trials the best has the better prompt."""
    runs = []
    for name in ("one", "two"):
        study, known = _open(tmp_path, name, sampler), {policy: float("nan") for policy in SPACE.policies()}
        every, seen = distributions(SPACE), list[Policy]()
        if isinstance(study.sampler, Grid):
            study.sampler.go_through(every, _every())
        for _ in range(40):
            trial = study.ask(every)
            policy = suggest(trial, SPACE)
            known[policy] = (policy.source.prompt == "b") + 0.1 * policy.n
            study.tell(trial, known[policy])
            seen.append(policy)
        assert study.best_params["prompt"] == "b"
        runs.append(seen)
    assert runs[0] == runs[1]


def _every() -> list[dict[str, Scalar]]:
    every = distributions(SPACE)
    named = [parameters(policy, SPACE) for policy in SPACE.policies()]
    return [{name: params[name] for name in every} for params in named]


def test_who_plans_is_known_by_name() -> None:
    """Without building a sampler, which may need a library that is not there."""
    available = {name for name in SAMPLERS if TORCH or name != "gp"}
    assert {name for name in available if isinstance(SAMPLERS[name](0), Planned)} == {*available} - {*SUGGESTING}


@pytest.mark.skipif(TORCH, reason="torch is there")
def test_a_sampler_without_its_library_says_what_to_install() -> None:
    """The Gaussian process needs torch: one clear message."""
    with pytest.raises(StudyFileError, match="pip install torch"):
        SAMPLERS["gp"](0)


def test_a_study_file_may_name_every_sampler() -> None:
    """The file's choices are ours."""
    assert set(get_args(StudyFile.model_fields["sampler"].annotation)) == set(SAMPLERS)


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
    level = open_trials(f"sqlite:///{tmp_path / 'level.db'}", "level", sampler="random", seed=0)
    for _ in range(60):
        trial = level.ask()
        suggest(trial, SPACE)
        level.tell(trial, 1.0 - 1e-16 * (trial.number % 3))  # all right: the rest is rounding
    assert importances(level) == {}
