"""Workers of one study as real processes, and what they leave behind: what the tests of many workers stand on.

They are forked from a process that has imported the library once, so that eight of them cost little. Equal requests get
equal texts, whoever asks, so that two runs can be compared sample by sample.
"""

import faulthandler
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from jointopt.config import read_study
from jointopt.errors import JointoptError
from jointopt.storage import open_database
from jointopt.study import Study
from tests.postgres import Server

STUDY = """
name: crowd
storage: {store}
task: {{data: examples.jsonl, sealed: 8, grader: numeric}}
prompts: {{a: "{{question}}", b: "{{question}} Please.", c: "{{question}} Think."}}
models:
  m: {{endpoint: hosted_vllm/m, base_url: "{url}", key_env: CROWD_KEY, max_tokens: 32, concurrency: 4,
       price: {{input: 1, output: 2}}, extra: {{seed: 7}}{more}}}
strategies: {strategies}
n: [1, 4]
budget: {budget}
sampler: {sampler}
"""
PLENTY = "{calls: 20000}"  # so much that what a death costs is missing nowhere
EXAMPLES = 32
LEASE_S = 2.0
AT_LEISURE_S = 0.02
_PATIENCE_S = 120.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.study.crowd", "aiohttp", "alembic.command", "optuna.storages._rdb.storage"])

Rows = list[tuple[Any, ...]]


class Store(Protocol):
    """A database that can be looked into from outside."""

    url: str

    def say(self, statement: str) -> Rows:
        """What it answers."""


class Shelf:
    """A database of the PostgreSQL server.

    Whatever its accounts hold after each transaction is written down by the database itself (`witness`), so that no
    instant is missed.
    """

    def __init__(self, server: Server, url: str) -> None:
        self.server, self.url, self.name = server, url, urlsplit(url).path[1:]
        open_database(url).close()
        self.say(
            "CREATE TABLE witness (calls numeric, tokens numeric, usd_pico numeric);"
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO witness SELECT "
            "sum(calls), sum(tokens), sum(usd_pico) FROM jointopt_accounts; RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON jointopt_accounts "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see();"
        )

    def say(self, statement: str) -> Rows:
        """What it answers."""
        return self.server.say(statement, self.name)

    def most(self) -> tuple[int, int, float]:
        """The highest sum of what was spent and reserved after any transaction: calls, tokens, US dollars."""
        calls, tokens, usd_pico = self.say("SELECT max(calls), max(tokens), max(usd_pico) FROM witness")[0]
        return int(calls), int(tokens), float(usd_pico) / 1e12


class File:
    """An SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"

    def plant(self, statement: str) -> None:
        """Write into it."""
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.execute(statement)

    def say(self, statement: str) -> Rows:
        """What it answers; nothing where the file, or the table, is not there yet."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            try:
                return connection.execute(statement).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []


def write_study(folder: Path, url: str, store: Store, **changes: object) -> Path:
    """A study file whose samples cost nothing but time; `changes` are of `strategies`, `budget`, `sampler`, `more`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"question": f"What is {k} plus {k + 1}?", "answer": str(k % 10)} for k in range(EXAMPLES)]
    (folder / "examples.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    usual = {"strategies": "[single, majority]", "budget": PLENTY, "sampler": "joint", "more": ""}
    file = folder / "study.yaml"
    file.write_text(STUDY.format_map({**usual, **changes, "url": url, "store": store.url}), encoding="utf-8")
    return file


class Runs(Protocol):
    """A process."""

    def runs(self) -> bool:
        """Whether it has not ended."""


class Worker:
    """A process that runs a study, as `jointopt run` does.

    Args:
        file: the study's.
        key: with which it asks the model, so that the server knows who asks.
        lease_s: how long it keeps what it holds when it falls silent.
    """

    def __init__(self, file: Path, key: str, *, lease_s: float = LEASE_S) -> None:
        self.key, self._said = key, file.parent / f"{key}.txt"
        self.process = _CONTEXT.Process(target=_live, args=(file, key, lease_s, self._said), daemon=True)
        self.process.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self._said.read_text(encoding="utf-8")

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.exitcode is None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end; the exit code, negative where a signal ended it."""
        self.process.join(_PATIENCE_S)
        if self.process.exitcode is None:
            self.tell(signal.SIGABRT)  # faulthandler says what it was doing
            self.process.join(10)
            raise AssertionError(f"worker {self.key} does not end:\n{self.said}")
        return self.process.exitcode


def _live(file: Path, key: str, lease_s: float, said: Path) -> None:
    """What a worker's process does."""
    with said.open("w", encoding="utf-8") as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    faulthandler.enable()
    os.environ["CROWD_KEY"] = key
    try:
        with Study(read_study(file)) as study:
            if not study.finished:
                study.work(lease_s=lease_s, again=True)
    except JointoptError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def start(file: Path, count: int, *, lease_s: float = LEASE_S) -> list[Worker]:
    """So many workers, with a key each."""
    return [Worker(file, f"key-{number}", lease_s=lease_s) for number in range(count)]


def finish(workers: Sequence[Worker]) -> None:
    """See every worker to its end, and that all is well with it."""
    assert [(worker.key, worker.end(), worker.said) for worker in workers] == [(one.key, 0, "") for one in workers]


def until(true: Callable[[], object], workers: Sequence[Runs] = ()) -> None:
    """Wait until something is so; no longer than any of the workers lives."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s, "it never came to that"
        assert not workers or any(worker.runs() for worker in workers), "all ended before that"
        time.sleep(0.01)


class Claims(NamedTuple):
    """What a study claims at its end. Latencies are left out: they differ from run to run.

    Attributes:
        samples: the texts by request and replicate, without the canary's: who takes over asks the pinned requests
            again.
        cards: the scorecards by policy.
        trials: number, state, value and parameters of each.
        winner: and what every other procedure chose.
    """

    samples: Mapping[tuple[str, int], str]
    cards: Mapping[str, object]
    trials: Rows
    winner: object


def claims(store: Store) -> Claims:
    """What a study claims."""
    samples = store.say(
        "SELECT s.request_key, s.replicate, s.text FROM jointopt_samples s JOIN jointopt_requests r "
        "ON s.request_key = r.request_key WHERE r.body NOT LIKE '%\"temperature\": 0.0%'"
    )
    cards = {policy: json.loads(card) for policy, card in store.say("SELECT policy, card FROM jointopt_scorecards")}
    for card in cards.values():
        del card["latency_s"]
    return Claims({(key, r): text for key, r, text in samples}, cards, trials(store), winner(store))


def trials(store: Store) -> Rows:
    """Number, state, value and parameters of every trial."""
    found = store.say(
        "SELECT t.number, t.state, v.value, p.param_name, p.param_value FROM trials t LEFT JOIN trial_values v "
        "ON v.trial_id = t.trial_id LEFT JOIN trial_params p ON p.trial_id = t.trial_id ORDER BY 1, 2, 4"
    )
    return [(number, str(state), value, name, chosen) for number, state, value, name, chosen in found]


def winner(store: Store) -> object:
    """The winner, and what every other procedure chose."""
    found = [json.loads(value) for (value,) in store.say("SELECT value FROM jointopt_findings WHERE key = 'sealed'")]
    return [(each["winner"], {name: chosen[0] for name, chosen in each["choices"].items()}) for each in found]


def kept(store: Store) -> int:
    """Samples in the pool, the canary's too."""
    return int((store.say("SELECT count(*) FROM jointopt_samples") or [(0,)])[0][0])


def conductor(store: Store) -> int | None:
    """The process that conducts the study; None where none does."""
    for (owner,) in store.say("SELECT owner FROM jointopt_studies WHERE owner IS NOT NULL"):
        return int(owner.split(":")[1])
    return None


def silent(store: Shelf, pid: int) -> bool:
    """Whether the lease of a process has run out, by the database's clock."""
    over = "expires_at < EXTRACT(EPOCH FROM clock_timestamp())"
    return bool(store.say(f"SELECT id FROM jointopt_workers WHERE name LIKE '%:{pid}:%' AND {over}"))


def calls(store: Store) -> dict[str, int]:
    """What the ledger says: completions, by state."""
    found = store.say("SELECT state, sum(calls) FROM jointopt_accounts GROUP BY state")
    return {"settled": 0, "reserved": 0, "lost": 0} | {state: int(number) for state, number in found}


def see_settled(store: Store, bill: int) -> None:
    """See that the ledger is the model's bill, each sample was bought once, and nothing is left over."""
    assert calls(store) == {"settled": bill, "reserved": 0, "lost": 0}
    assert (kept(store), left_over(store)) == (bill, [])


def left_over(store: Store) -> Rows:
    """What no finished study leaves: orders on the table, trials that run, workers, another state."""
    return [
        *store.say("SELECT 'order', state, worker FROM jointopt_orders"),
        *store.say("SELECT 'trial', number, state FROM trials WHERE state = 'RUNNING'"),
        *store.say("SELECT 'worker', name, version FROM jointopt_workers"),
        *store.say("SELECT 'study', state, owner FROM jointopt_studies WHERE state <> 'finished' OR owner IS NOT NULL"),
    ]


def undisturbed(postgres: Server, folder: Path, url: str, **changes: object) -> Claims:
    """What one worker claims that nobody disturbs."""
    with postgres.database() as place:
        store = Shelf(postgres, place)
        finish(start(write_study(folder, url, store, **changes), 1))
        return claims(store)
