"""Databases as older versions of jointopt made them, with something in each.

They follow no later change of the code.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from jointopt.domain import Sample
from tests.postgres import Server

FULL = Sample(0, "42", "six times seven", "length", -0.25, 12, 34, 1.5e-7, 0.75)
FAILED = Sample(1, "", finish="error", error="timed out")
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
_SAMPLES = """
INSERT INTO jointopt_requests VALUES ('{key}', '{{}}');
INSERT INTO jointopt_samples (request_key, replicate, study_id, text, reasoning, finish, logprob, input_tokens,
    output_tokens, cost_usd, latency_s, error) VALUES
    ('{key}', 0, 1, '42', 'six times seven', 'length', -0.25, 12, 34, 1.5e-7, 0.75, NULL),
    ('{key}', 1, 1, '', '', 'error', NULL, 0, 0, 0, 0, 'timed out');
"""
LAYOUT_2 = LAYOUT_1.replace(
    "error TEXT,",
    "error TEXT, cached_tokens INTEGER DEFAULT 0 NOT NULL, reasoning_tokens INTEGER DEFAULT 0 NOT NULL,",
).replace(
    "INSERT INTO jointopt_schema VALUES (1);",
    """CREATE TABLE jointopt_lanes (lane TEXT NOT NULL, free_at DOUBLE NOT NULL, PRIMARY KEY (lane));
INSERT INTO jointopt_schema VALUES (2);
INSERT INTO jointopt_lanes VALUES ('requests', 60.5);""",
)
LAYOUTS = {1: LAYOUT_1, 2: LAYOUT_2}


def make_old(url: str, version: int, key: str, server: Server | None = None) -> None:
    """Make a database of an older layout, with two samples of one request in it."""
    script = LAYOUTS[version] + _SAMPLES.format(key=key)
    if server is None:
        with closing(sqlite3.connect(file_of(url))) as file:
            file.executescript(script)
    else:
        server.say(_postgres(script), urlsplit(url).path[1:])


def file_of(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(url.removeprefix("sqlite:///"))


def _postgres(script: str) -> str:
    """The same tables, as SQLAlchemy made them on PostgreSQL."""
    return (
        script.replace("study_id INTEGER", "study_id BIGINT")
        .replace("version INTEGER", "version SERIAL")
        .replace(" id INTEGER", " id BIGSERIAL")
        .replace("DOUBLE", "DOUBLE PRECISION")
        + "SELECT setval('jointopt_studies_id_seq', 1), setval('jointopt_entries_id_seq', 1);"
    )
