"""Optuna's trials outlive a server that is restarted or killed, and every trial is there once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Timer

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy import Engine, event

from jointopt.errors import StorageError
from jointopt.search.reach import steady
from jointopt.search.record import close_stale, close_trials, count_trials, open_trials
from tests.outages import after_commit, before_commit, every_end, kill
from tests.postgres import Server


@pytest.fixture
def server(postgres: Server) -> Iterator[Server]:
    """The server, for a test that stops or kills it."""
    yield postgres
    postgres.start()


@pytest.fixture
def trials(postgres_url: str) -> Iterator[optuna.Study]:
    """An empty study on PostgreSQL."""
    study = open_trials(postgres_url, "small", sampler="random", seed=1)
    yield study
    close_trials(study)


def engine_of(study: optuna.Study) -> Engine:
    """What Optuna's statements go through."""
    engine: Engine = study._storage._backend.engine  # type: ignore[attr-defined]  # noqa: SLF001  # shown nowhere
    return engine


def write_down(study: optuna.Study, number: int) -> None:
    """Add a finished trial, unless it is there."""
    if count_trials(study) <= number:
        study.add_trial(optuna.create_trial(value=float(number)))


@every_end
def test_a_trial_is_written_once_when_the_server_goes_away(
    trials: optuna.Study, server: Server, end: Callable[[Server], None]
) -> None:
    """In the middle of it, and between two of them."""
    before_commit(engine_of(trials), lambda: end(server))
    steady(lambda: write_down(trials, 0))
    end(server)
    steady(lambda: write_down(trials, 1))
    assert [(trial.number, trial.value) for trial in trials.trials] == [(0, 0.0), (1, 1.0)]


def test_a_trial_whose_acknowledgement_is_lost_is_written_once(trials: optuna.Study, server: Server) -> None:
    """Optuna itself would repeat the addition, and have two: here the connection is told as lost first."""
    after_commit(engine_of(trials), server)
    steady(lambda: write_down(trials, 0))
    assert [trial.value for trial in trials.trials] == [0.0]


def test_asking_and_telling_wait_for_a_server_that_is_down(trials: optuna.Study, server: Server) -> None:
    """It comes back half a second later; what a lost acknowledgement leaves to be said again may be said again."""
    server.stop()
    later = Timer(0.5, server.start)
    later.start()
    trial = steady(trials.ask)
    later.join()
    server.kill()
    later = Timer(0.5, server.start)
    later.start()
    assert 0 <= steady(lambda: trial.suggest_float("x", 0, 1)) <= 1
    later.join()
    after_commit(engine_of(trials), server)
    steady(lambda: trial.set_user_attr("scorecard", "{}"))
    after_commit(engine_of(trials), server)
    steady(lambda: trials.tell(trial, 0.5, skip_if_finished=True))
    (told,) = trials.trials
    assert (told.value, told.user_attrs, list(told.params)) == (0.5, {"scorecard": "{}"}, ["x"])


def test_trials_that_a_dead_run_left_running_are_ended(trials: optuna.Study, server: Server) -> None:
    """Also while the server is restarted."""
    for _ in range(3):
        trials.ask()
    before_commit(engine_of(trials), lambda: kill(server))
    assert close_stale(trials) == 3
    assert {trial.state for trial in trials.get_trials()} == {TrialState.FAIL}


def test_what_is_our_own_mistake_is_said_once(trials: optuna.Study) -> None:
    """Nothing but a lost connection is repeated."""
    tries: list[int] = []

    def tell() -> None:
        tries.append(1)
        trials.tell(7, 1.0)

    with pytest.raises(ValueError, match="number 7"):
        steady(tell)
    assert tries == [1]


def test_many_open_an_empty_database_at_once(url: str) -> None:
    """Optuna's tables are made once, and everybody finds the same study."""
    together = Barrier(6, timeout=60)

    def open_and_count(_: int) -> int:
        together.wait()
        study = open_trials(url, "shared", sampler="random", seed=1)
        found = count_trials(study)
        close_trials(study)
        return found

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(open_and_count, range(6))) == [0] * 6


def test_opening_and_counting_read_no_trial(url: str) -> None:
    """However many there are: only their number is asked for."""
    study = open_trials(url, "small", sampler="random", seed=1)
    for number in range(3):
        write_down(study, number)
    study.ask()
    close_trials(study)
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        again = open_trials(url, "small", sampler="joint", seed=1)
        assert count_trials(again) == 4
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert [statement for statement in said if "FROM trials" in statement] == [said[-1]]
    assert len(again.trials) == 4  # these do read
    close_trials(again)


def test_closing_lets_go_of_every_connection(postgres: Server, postgres_url: str) -> None:
    """The server has none of them left, and a study that is asked again connects again."""
    study = open_trials(postgres_url, "small", sampler="random", seed=1)
    study.ask()
    counted = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgres_url.rpartition('/')[2]}'"
    assert postgres.say(counted) != [(0,)]
    close_trials(study)
    assert postgres.say(counted) == [(0,)]
    assert count_trials(study) == 1
    close_trials(study)


def test_a_database_that_is_not_there_is_told_as_our_own_would_be() -> None:
    """One message with a mend, without the password."""
    with pytest.raises(StorageError, match="refused") as caught:
        open_trials("postgresql://me:secret@127.0.0.1:9/db", "small", sampler="random", seed=1)
    assert "start the server" in caught.value.mend
    assert "secret" not in repr(caught.value) + str(caught.value.__cause__)


def test_a_file_of_trials_can_be_used_by_two(tmp_path: Path) -> None:
    """SQLite's lock is waited for: one writes while the other does."""
    where = f"sqlite:///{tmp_path / 'study.db'}"
    studies = [open_trials(where, "small", sampler="random", seed=1) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda study: [study.tell(study.ask(), 1.0) for _ in range(5)], studies))
    assert count_trials(studies[0]) == 10
    for study in studies:
        close_trials(study)
