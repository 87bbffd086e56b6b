"""The study file, its prompts and its data, read into one plan. Nothing is written and no model is asked."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from jointopt.config.check import check_file
from jointopt.config.document import Document, read_document
from jointopt.config.examples import data_path, read_task
from jointopt.config.file import BudgetEntry, ModelEntry, StudyFile
from jointopt.config.plan import Plan
from jointopt.config.prompts import name_files, read_prompts, shown_fields
from jointopt.domain import Budget, Model, Preference, Price, Prompt, Space, Task
from jointopt.errors import StudyFileError


def read_study(path: Path) -> Plan:
    """Everything a study file asks for.

    Raises:
        StudyFileError: the file, or a prompt file that it names, cannot be read or makes no sense.
        TaskError: the examples cannot be used.
    """
    document = read_document(path)
    name_files(document)
    file = check_file(document)
    prompts = read_prompts(document, file.prompts)
    shown = shown_fields(document, file, prompts)
    task = read_task(document, file.task, shown, name=file.name, seed=file.seed)
    _refuse_hidden_fields(document, file, task)
    text = _text(file, prompts, sha256(data_path(document, file.task).read_bytes()).hexdigest())
    return Plan(
        name=file.name,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        path=path,
        task=task,
        space=_space(file, prompts),
        grader=file.task.grader.name,
        grader_options=file.task.grader.options,
        preference=Preference(**file.preference.given()),
        budget=_budget(file.budget),
        sampler=file.sampler,
        seed=file.seed,
        storage=_storage(file.storage, path.parent),
        trials=file.trials,
    )


def _refuse_hidden_fields(document: Document, file: StudyFile, task: Task) -> None:
    for slot in file.slots:
        if slot in task.dev[0].fields:
            where = document.where(("slots", slot))
            raise StudyFileError("a field of the data is called so too", where=where, mend="rename the slot")


def _text(file: StudyFile, prompts: Mapping[str, Prompt], data_sha256: str) -> str:
    """Canonical JSON of all that decides the result. The order of choices is kept: the first one is the default."""
    values = file.given()
    del values["storage"]  # where results are kept decides none of them, and its URL may hold a password
    values["prompts"] = {name: {"system": prompt.system, "user": prompt.user} for name, prompt in prompts.items()}
    values["task"]["data_sha256"] = data_sha256
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _space(file: StudyFile, prompts: Mapping[str, Prompt]) -> Space:
    return Space(
        prompts=prompts,
        models={name: _model(name, entry) for name, entry in file.models.items()},
        strategies=file.strategies,
        ns=file.n,
        temperatures=file.temperatures,
        slots=file.slots,
    )


def _model(name: str, entry: ModelEntry) -> Model:
    return Model(
        id=name,
        endpoint=entry.endpoint,
        price=Price(entry.price.input, entry.price.output) if entry.price else None,
        max_tokens=entry.max_tokens,
        base_url=entry.base_url,
        key_env=entry.key_env,
        concurrency=entry.concurrency,
        extra=entry.extra,
    )


def _budget(entry: BudgetEntry) -> Budget:
    return Budget(calls=entry.calls, tokens=entry.tokens, usd=entry.usd, wall_clock_s=entry.wall_clock)


def _storage(url: str, folder: Path) -> str:
    """The URL with an SQLite file's path made absolute, so that it is the same from every working directory."""
    scheme, mark, place = url.partition(":///")
    if not scheme.startswith("sqlite") or not mark or place in ("", ":memory:") or place.startswith("file:"):
        return url
    return f"{scheme}:///{(folder / place).resolve()}"
