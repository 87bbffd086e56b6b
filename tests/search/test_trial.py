"""A trial has a number, and is written under it once."""

from threading import Thread

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from jointopt.errors import StudyLost
from jointopt.search.record import close_trials, open_trials
from jointopt.search.trial import open_trial, write_down


def _trial(value: float) -> FrozenTrial:
    return optuna.create_trial(state=TrialState.COMPLETE, value=value)


def test_a_trial_is_written_once_however_often(url: str) -> None:
    """By whoever writes it: who has conducted before, or who has taken over and goes the same way again."""
    first, second = (open_trials(url, "s", sampler="random", seed=1) for _ in range(2))
    for number in range(3):
        for study in (first, second, first):
            write_down(study, _trial(number), number, lambda: None)
    assert [(trial.number, trial.value) for trial in second.get_trials()] == [(0, 0.0), (1, 1.0), (2, 2.0)]
    begun = [open_trial(study, 3).number for study in (first, second, first)]
    assert begun == [3, 3, 3]
    assert len(second.get_trials()) == 4
    for study in (first, second):
        close_trials(study)


def test_who_has_lost_the_study_writes_none(url: str) -> None:
    """It looks right before; what its successor writes stands alone."""

    def lost() -> None:
        raise StudyLost("another worker conducts the study by now")

    study = open_trials(url, "s", sampler="random", seed=1)
    with pytest.raises(StudyLost):
        write_down(study, _trial(0.0), 0, lost)
    assert study.get_trials() == []
    close_trials(study)


def test_at_worst_a_trial_stands_under_two_numbers(url: str) -> None:
    """Both have looked, then both write, as after a freeze between: each number is given once."""
    studies = [open_trials(url, "s", sampler="random", seed=1) for _ in range(4)]
    threads = [Thread(target=study.add_trial, args=(_trial(0.5),)) for study in studies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(trial.number, trial.value) for trial in studies[0].get_trials()] == [(n, 0.5) for n in range(4)]
    for study in studies:
        close_trials(study)
