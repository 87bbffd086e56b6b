"""Optuna's trials are kept in the study's database, and connected to as the study's own tables are."""

from sqlalchemy import text

from jointopt.search.record import close_trials, open_trials
from jointopt.storage import engine_settings
from tests.postgres import Server

SHOWN = "SELECT current_setting('statement_timeout'), current_setting('application_name')"


def test_optunas_storage_is_connected_to_as_ours_is(postgres_url: str, postgres: Server) -> None:
    """A plain URL finds the driver; statements end, dead connections are noticed, and a restart goes unnoticed."""
    trials = open_trials(postgres_url.replace("+psycopg", ""), "small", sampler="random", seed=1)
    engine = trials._storage._backend.engine  # type: ignore[attr-defined]  # noqa: SLF001  # Optuna shows it nowhere
    with engine.connect() as connection:
        assert tuple(connection.execute(text(SHOWN)).one()) == ("2min", "jointopt")
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    assert engine.pool._pre_ping  # noqa: SLF001  # nor does SQLAlchemy
    assert engine_settings(postgres_url)[0] == postgres_url
    trials.tell(trials.ask(), 1.0)
    postgres.say(f"SELECT pg_terminate_backend({pid})")
    trials.tell(trials.ask(), 0.5)
    assert [trial.value for trial in trials.trials] == [1.0, 0.5]
    close_trials(trials)
