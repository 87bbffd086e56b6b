"""A grid of preferences is answered from the samples that are there, and modes are chosen like everything else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna

from jointopt.analysis import Findings
from jointopt.config import read_study
from jointopt.study import Study

WriteStudy = Callable[[int], Path]
GRID = "preferences: {cost_usd: [0, 500, 50000], tokens: [0, 1]}\n"
MODES = "modes: {free: {}, short: {max_tokens: 24}}\n"


def _run(file: Path, storage: str, lines: str = "") -> tuple[Findings, str]:
    """The study with further lines, in a storage of its own; its findings, and where it is kept."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text + lines, encoding="utf-8")
    plan = replace(read_study(file), storage=f"sqlite:///{file.parent / storage}.db")
    file.write_text(text, encoding="utf-8")
    with Study(plan) as study:
        return study.run(), plan.storage


def test_a_grid_of_preferences_costs_no_call(small_study: WriteStudy) -> None:
    """Each of the six is answered, and the calls, tokens and dollars are those of a study without a grid."""
    plain, _ = _run(small_study(400), "plain")
    grid, _ = _run(small_study(400), "grid", GRID)
    assert (len(plain.preferred), len(grid.preferred)) == (0, 6)
    assert grid.spend == plain.spend
    assert grid.winner.policy == plain.winner.policy
    free, *_, dear = grid.preferred
    assert free.utility >= dear.utility
    assert free.cost_usd >= dear.cost_usd


def test_a_mode_is_a_parameter_of_the_trials(small_study: WriteStudy) -> None:
    """Both are tried, and a policy names its own."""
    found, storage = _run(small_study(600), "modes", MODES)
    trials = optuna.load_study(study_name="small", storage=storage).get_trials()
    assert {trial.params["mode"] for trial in trials} == {"free", "short"}
    assert found.winner.policy.source.mode in ("free", "short")
    assert found.spend.calls <= 600
