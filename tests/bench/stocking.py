"""A study as it is after weeks: 10,000 trials and 1,000,000 samples, written into its tables at once.

It is one that was stopped in mid-search: the pool holds what its sampler has asked for of the dev half.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution, distribution_to_json
from optuna.storages._rdb import models
from sqlalchemy import Connection, Table

from jointopt.config import read_study
from jointopt.domain import Example, Request
from jointopt.search.suggest import distributions
from jointopt.storage import tables
from jointopt.study import Study

PROMPTS, TEMPERATURES, HELD = 16, (0.7, 1.0), 24  # samples of each request; policies ask for up to 32
SOURCES = PROMPTS * len(TEMPERATURES)
EACH = 4  # samples of an entry of the ledger
STUDY = """
name: large
storage: {store}
task: {{data: examples.jsonl, grader: numeric, sealed: 64}}
prompts: {{{prompts}}}
models:
  m: {{endpoint: hosted_vllm/m, base_url: "{url}", max_tokens: 64, concurrency: 8,
       price: {{input: 1, output: 2}}}}
strategies: [single, majority]
temperatures: [{temperatures}]
n: [1, 4, 8, 16, 32]
sampler: {sampler}
budget: {{calls: {calls}}}
"""


def write_study(folder: Path, store: str, url: str, *, samples: int, sampler: str = "joint") -> Path:
    """The study's file; as many dev examples as so many samples are of."""
    examples = max(samples // (SOURCES * HELD), 16) + 64
    folder.mkdir(parents=True, exist_ok=True)
    asked = [{"question": f"What is {k} plus {k + 1}?", "answer": str(2 * k + 1)} for k in range(examples)]
    (folder / "examples.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    texts = ", ".join(f'p{k}: "{{question}} Way {k}."' for k in range(PROMPTS))
    named = {"temperatures": ", ".join(map(str, TEMPERATURES)), "sampler": sampler, "calls": 4 * samples}
    path = folder / "study.yaml"
    path.write_text(STUDY.format(store=store, url=url, prompts=texts, **named), encoding="utf-8")
    return path


def stock(path: Path, trials: int) -> int:
    """Fill a study's tables; returns how many samples they hold now."""
    with Study(read_study(path)) as study:
        plan, row, database = study.plan, study._parts.row, study._parts.database  # noqa: SLF001
        readings = study._parts.readings  # noqa: SLF001
        pairs = [
            (readings.request(source, example), example) for source in plan.space.sources() for example in plan.task.dev
        ]
        study_id = study.trials._study_id  # noqa: SLF001

        def work(connection: Connection) -> None:
            bodies = ((one.key, json.dumps(one.body, sort_keys=True, ensure_ascii=False)) for one, _ in pairs)
            _pour(connection, tables.requests, ("request_key", "body"), bodies)
            names: tuple[str, ...] = ("request_key", "study_id", *_SAMPLE)
            _pour(connection, tables.samples, names, _samples(pairs, row.id))
            number = len(pairs) * HELD // EACH
            names = ("study_id", "phase", "owner", "state", "calls", "tokens", "usd_pico")
            entries = ((row.id, "search", "elsewhere:1:1", "settled", EACH, 200, 10**8) for _ in range(number))
            _pour(connection, tables.entries, names, entries)
            sums = {"calls": EACH * number, "tokens": 200 * number, "usd_pico": number * 10**8}
            connection.execute(
                tables.accounts.insert(), {"study_id": row.id, "phase": "search", "state": "settled", **sums}
            )
            _trials(connection, study_id, trials, plan.space)

        database.transact(work)
        study._parts.studies.set_state(row.id, "stopped")  # noqa: SLF001
        return len(pairs) * HELD


def end_search(path: Path, *, ended: bool) -> None:
    """Have the search and the table be done, as they are written down when they end; or not."""
    with Study(read_study(path)) as study:
        row, register = study._parts.row, study._parts.studies  # noqa: SLF001
        first = study.plan.space.policies()[0].to_json()
        found = {"joint": first, "calls": 1000, "why": "the budget is spent", "chosen": [first]}
        filled = {"winner": first, "choices": {"joint": [first, 1000]}, "why": "the whole table is filled"}
        register.record(row.id, "search", found if ended else None)
        register.record(row.id, "table", filled if ended else None)


_CARD = {
    "policy": "p0 × m × majority × n=8",
    "score": 0.5,
    "interval": [0.4, 0.6],
    "examples": 64,
    "cost_usd": 1e-4,
    "tokens": 200.0,
}
_SAMPLE = ("replicate", "text", "reasoning", "finish", "input_tokens", "output_tokens", "cost_usd", "latency_s")


def _samples(pairs: Sequence[tuple[Request, Example]], study_id: int) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(0)
    for request, example in pairs:
        ease = 0.15 + rng.random() * 0.6  # no source is better than others, so that much is left to be told apart
        for replicate in range(HELD):
            answer = int(example.reference) + (0 if rng.random() < ease else rng.randrange(1, 6))
            text = (
                f"Let me add the two numbers, step by step, and look at the carry. {rng.random():.9f} Answer: {answer}"
            )
            paid = (30 if replicate % EACH == 0 else 0), 20 + rng.randrange(10)
            yield request.key, study_id, replicate, text, "", "stop", *paid, 1e-4, 0.05 + rng.random() / 10


def _trials(connection: Connection, study_id: int, trials: int, space: Any) -> None:
    """Optuna's own tables, as `add_trial` fills them."""
    rng, now, every = random.Random(1), datetime.now(UTC).replace(tzinfo=None), distributions(space)
    written = {name: distribution_to_json(each) for name, each in every.items()}
    numbers = range(1, trials + 1)
    card = json.dumps(json.dumps(_CARD))
    begun = ((n, n - 1, study_id, "COMPLETE", now, now) for n in numbers)
    _fill(connection, models.TrialModel.__table__, begun)
    params = (
        (n * 10 + place, n, name, float(rng.randrange(len(vars(each)["choices"]))), written[name])
        for n in numbers
        for place, (name, each) in enumerate(every.items())
        if isinstance(each, CategoricalDistribution)
    )
    _fill(connection, models.TrialParamModel.__table__, params)
    _fill(connection, models.TrialValueModel.__table__, ((n, n, 0, rng.random(), "FINITE") for n in numbers))
    _fill(connection, models.TrialUserAttributeModel.__table__, ((n, n, "scorecard", card) for n in numbers))


def _fill(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    _pour(connection, table, tuple(column.name for column in table.c), rows)
    if connection.dialect.name == "postgresql":
        key = next(iter(table.primary_key)).name
        behind = (
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key}'), (SELECT max({key}) FROM {table.name}))"
        )
        connection.exec_driver_sql(behind)


def _pour(connection: Connection, table: Table, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Many rows at once, as each database takes them fastest."""
    cursor: Any = connection.connection.cursor()
    listed = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        cursor.executemany(f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))})", list(rows))
