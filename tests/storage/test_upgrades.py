"""A database that an older jointopt made is brought to this layout when it is opened, and nothing in it is lost."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import URL, inspect, make_url, text
from sqlalchemy.schema import CreateColumn

from jointopt.domain import Budget, Policy, Request, Sample, Source, Spend
from jointopt.errors import StorageError
from jointopt.storage import Database, Ledger, SamplePool, Scoreboard, Studies, open_database
from jointopt.storage.tables import VERSION, metadata, samples
from jointopt.storage.upgrades import STEPS
from tests.postgres import Server

Ask = Callable[[str], Request]

LAYOUT_1 = """
CREATE TABLE jointopt_schema (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE jointopt_studies (
    id INTEGER NOT NULL, name TEXT NOT NULL, study_text TEXT NOT NULL, digest VARCHAR(64) NOT NULL,
    begun_at DOUBLE NOT NULL, state VARCHAR(16) NOT NULL, elapsed_s DOUBLE NOT NULL, owner TEXT,
    PRIMARY KEY (id), UNIQUE (name)
);
CREATE TABLE jointopt_requests (request_key VARCHAR(64) NOT NULL, body TEXT NOT NULL, PRIMARY KEY (request_key));
CREATE TABLE jointopt_findings (
    study_id INTEGER NOT NULL, "key" TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (study_id, "key"), FOREIGN KEY(study_id) REFERENCES jointopt_studies (id)
);
CREATE TABLE jointopt_samples (
    request_key VARCHAR(64) NOT NULL, replicate INTEGER NOT NULL, study_id INTEGER NOT NULL, text TEXT NOT NULL,
    reasoning TEXT NOT NULL, finish VARCHAR(16) NOT NULL, logprob DOUBLE, input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL, cost_usd DOUBLE NOT NULL, latency_s DOUBLE NOT NULL, error TEXT,
    PRIMARY KEY (request_key, replicate), FOREIGN KEY(request_key) REFERENCES jointopt_requests (request_key),
    FOREIGN KEY(study_id) REFERENCES jointopt_studies (id)
);
CREATE TABLE jointopt_entries (
    id INTEGER NOT NULL, study_id INTEGER NOT NULL, phase VARCHAR(64) NOT NULL, owner TEXT NOT NULL,
    state VARCHAR(16) NOT NULL, calls BIGINT NOT NULL, tokens BIGINT NOT NULL, usd_pico BIGINT NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(study_id) REFERENCES jointopt_studies (id)
);
CREATE INDEX jointopt_entries_by_state ON jointopt_entries (study_id, state);
CREATE TABLE jointopt_accounts (
    study_id INTEGER NOT NULL, phase VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, calls BIGINT NOT NULL,
    tokens BIGINT NOT NULL, usd_pico BIGINT NOT NULL, PRIMARY KEY (study_id, phase, state),
    FOREIGN KEY(study_id) REFERENCES jointopt_studies (id)
);
CREATE TABLE jointopt_scorecards (
    study_id INTEGER NOT NULL, policy TEXT NOT NULL, card TEXT NOT NULL, PRIMARY KEY (study_id, policy),
    FOREIGN KEY(study_id) REFERENCES jointopt_studies (id)
);
INSERT INTO jointopt_schema VALUES (1);
INSERT INTO jointopt_studies VALUES (1, 'old', 'name: old', 'digest', 12.5, 'stopped', 3.75, NULL);
INSERT INTO jointopt_entries VALUES (1, 1, 'search', 'host:1:2', 'settled', 2, 46, 150000);
INSERT INTO jointopt_accounts VALUES (1, 'search', 'settled', 2, 46, 150000);
INSERT INTO jointopt_scorecards VALUES (
    1,
    '{"n": 2, "source": {"model": "m", "prompt": "p", "slots": [], "temperature": 0.7}, "strategy": "majority"}',
    '{"examples": ["a"], "scores": [0.5], "cost_usd": [1e-7], "tokens": [46.0], "latency_s": [0.75], "samples": [2]}'
);
"""  # as jointopt 0.1.0 wrote it while it was made
LAYOUT_1_POSTGRES = (
    LAYOUT_1.replace("study_id INTEGER", "study_id BIGINT")
    .replace("version INTEGER", "version SERIAL")
    .replace(" id INTEGER", " id BIGSERIAL")
    .replace("DOUBLE", "DOUBLE PRECISION")
)
INSERT_1 = """
INSERT INTO jointopt_samples (request_key, replicate, study_id, text, reasoning, finish, logprob, input_tokens,
    output_tokens, cost_usd, latency_s, error) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
FULL = Sample(0, "42", "six times seven", "length", -0.25, 12, 34, 1.5e-7, 0.75)
FAILED = Sample(1, "", finish="error", error="timed out")


def write_as_layout_1(path: Path, key: str, sample: Sample) -> None:
    """Keep a sample as the older jointopt did."""
    values = (sample.text, sample.reasoning, sample.finish, sample.logprob, sample.input_tokens, sample.output_tokens)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("INSERT OR IGNORE INTO jointopt_requests VALUES (?, '{}')", (key,))
        file.execute(INSERT_1, (key, sample.replicate, *values, sample.cost_usd, sample.latency_s, sample.error))


def dump(path: Path) -> list[str]:
    """All that a file says: its tables and their rows."""
    with closing(sqlite3.connect(path)) as file:
        return list(file.iterdump())


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the old file is."""
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def old(tmp_path: Path, ask: Ask) -> Path:
    """A file of layout 1 with two samples of one request."""
    path = tmp_path / "study.db"
    with closing(sqlite3.connect(path)) as file:
        file.executescript(LAYOUT_1)
    for sample in (FULL, FAILED):
        write_as_layout_1(path, ask("6 x 7?").key, sample)
    return path


def test_what_was_kept_is_still_there(old: Path, url: str, ask: Ask) -> None:
    """Samples, accounts, studies and scorecards, as they were; of what was not counted then, there is none."""
    database = open_database(url, create=False)
    key = ask("6 x 7?").key
    assert SamplePool(database, 1).load([key]) == {key: [FULL, FAILED]}
    assert (FULL.cached_tokens, FULL.reasoning_tokens) == (0, 0)
    ledger = Ledger(database, 1, Budget(calls=9))
    assert (ledger.spent(), ledger.audit()) == (Spend(2, 46, 1.5e-7), [])
    assert Studies(database).find("old").elapsed_s == 3.75
    (card,) = Scoreboard(database, 1).cards().values()
    assert (card.policy, card.score) == (Policy(Source("p", "m", 0.7), "majority", 2), 0.5)
    assert (card.objectives, card.unreadable.tolist()) == ({}, [])
    database.close()


def test_new_samples_say_what_old_ones_could_not(old: Path, url: str, ask: Ask) -> None:
    """Both kinds of samples of one request, side by side."""
    database = open_database(url)
    pool, request = SamplePool(database, 1), ask("6 x 7?")
    new = Sample(2, "42", input_tokens=12, output_tokens=30, cached_tokens=8, reasoning_tokens=20)
    pool.keep([(request, [new])])
    assert pool.load([request.key])[request.key] == [FULL, FAILED, new]
    database.close()


def test_an_upgraded_layout_is_the_layout(old: Path, url: str, tmp_path: Path) -> None:
    """Column by column, key by key; and opening again changes nothing."""
    upgraded, fresh = open_database(url), open_database(f"sqlite:///{tmp_path / 'fresh.db'}")
    assert described(upgraded) == described(fresh)
    upgraded.close()
    fresh.close()
    before = dump(old)
    open_database(url).close()
    assert dump(old) == before


def described(database: Database) -> dict[str, object]:
    """The version, and every table as the database itself describes it."""
    with database.read() as connection:
        see = inspect(connection)
        tables = {
            name: (repr(see.get_columns(name)), see.get_pk_constraint(name), see.get_indexes(name))
            for name in metadata.tables
        }
        return {"version": connection.execute(text("SELECT version FROM jointopt_schema")).all(), **tables}


def test_many_open_it_at_once(old: Path, url: str, ask: Ask) -> None:
    """One of them upgrades, the others wait and find it done."""
    together = Barrier(6)

    def open_and_count(_: int) -> int:
        together.wait()
        database = open_database(url)
        count = SamplePool(database, 1).count()
        database.close()
        return count

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(open_and_count, range(6))) == [2] * 6


def test_an_upgrade_that_fails_leaves_the_old_layout(old: Path, url: str) -> None:
    """Its second statement is refused: the first has not happened either."""
    with closing(sqlite3.connect(old)) as file, file:
        file.execute("ALTER TABLE jointopt_samples ADD COLUMN reasoning_tokens TEXT")
    before = dump(old)
    with pytest.raises(StorageError, match="duplicate column") as caught:
        open_database(url)
    assert caught.value.mend
    assert dump(old) == before


def test_an_older_jointopt_that_still_runs_goes_on(old: Path, url: str, ask: Ask) -> None:
    """What it writes after the upgrade is readable."""
    open_database(url).close()
    late = Sample(2, "43", input_tokens=12, output_tokens=9)
    write_as_layout_1(old, ask("6 x 7?").key, late)
    database = open_database(url)
    assert SamplePool(database, 1).load([ask("6 x 7?").key])[ask("6 x 7?").key] == [FULL, FAILED, late]
    database.close()


def test_postgresql_is_upgraded_too(postgres: Server, postgres_url: str, ask: Ask) -> None:
    """By many at once, to what a new database would be, with all that was kept."""
    key = ask("6 x 7?").key
    for statement in (LAYOUT_1_POSTGRES, f"INSERT INTO jointopt_requests VALUES ('{key}', '{{}}')"):
        postgres.say(statement, make_url(postgres_url).database or "")
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(open_database, [postgres_url] * 4))
    with postgres.database() as other, closing(open_database(other)) as fresh:
        assert described(opened[0]) == described(fresh)
    SamplePool(opened[1], 1).keep([(ask("6 x 7?"), [FULL])])
    assert SamplePool(opened[2], 1).load([key]) == {key: [FULL]}
    assert Ledger(opened[3], 1, Budget(calls=9)).spent() == Spend(2, 46, 1.5e-7)
    for database in opened:
        database.close()


def test_every_older_layout_has_a_step() -> None:
    """From the first to the one before this."""
    assert list(STEPS) == list(range(1, VERSION))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_columns_that_are_added_are_those_of_a_new_table(dialect: str) -> None:
    """To the letter, in both dialects: a PostgreSQL database is upgraded to what a new one would be."""
    compiler = URL.create(dialect).get_dialect()()
    new = [
        str(CreateColumn(samples.c[name]).compile(dialect=compiler)) for name in ("cached_tokens", "reasoning_tokens")
    ]
    assert list(STEPS[1]) == [f"ALTER TABLE jointopt_samples ADD COLUMN {column}" for column in new]
