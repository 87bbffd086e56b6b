"""The study file, its prompts and its data, read into one plan. Nothing is written and no model is asked."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from jointopt.config.check import checked
from jointopt.config.document import Document, kept_document, read_document, write_document
from jointopt.config.examples import read_task
from jointopt.config.file import BudgetEntry, StudyFile
from jointopt.config.judges import read_judges, refuse_idle
from jointopt.config.models import as_decisive, as_model, digest_tables
from jointopt.config.modes import mode_lines, read_modes
from jointopt.config.objectives import read_rubric
from jointopt.config.plan import Plan, WarmStart
from jointopt.config.preferences import read_preference, read_preferences
from jointopt.config.prompts import fields_beside, name_files, read_prompts, shown_fields
from jointopt.config.shelf import STUDY, Kept
from jointopt.config.strategies import as_written, fold_strategies, name_strategies
from jointopt.domain import Budget, Judge, Prompt, Space, Task
from jointopt.errors import StudyFileError
from jointopt.plugins import permit, reach
from jointopt.strategies import Playbook

_DOTTED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")  # package.module:name
_ELSEWHERE = ("storage", "warm_start")  # keys of the study file that say where something is kept


def read_study(path: Path) -> Plan:
    """Everything a study file asks for.

    Raises:
        StudyFileError: the file, or a prompt file that it names, cannot be read or makes no sense.
        TaskError: the examples cannot be used.
    """
    document = read_document(path)
    reach(path.parent)
    return _plan(document, path.parent)


def read_files(files: Mapping[str, bytes], *, name: str, storage: str, code: Collection[str] = ()) -> Plan:
    """The plan of a study whose files are kept in its database: the same as that of its study file.

    Args:
        files: what `kept_files` gave.
        name: of the study, for messages.
        storage: where they were kept: an SQLAlchemy URL.
        code: the modules that the study may call: whoever may write to a database must not be able to run anything.

    Raises:
        StorageError: a file is not kept.
        UserError: as for `read_study`, or a module is not permitted.
    """
    with permit(code):
        plan = _plan(kept_document(Path(f"{name} (as its database keeps it)"), Kept(files)), Path())
    if plan.warm_start:
        plan = replace(plan, warm_start=replace(plan.warm_start, storage=absolute(storage)))
    return replace(plan, storage=absolute(storage))


def kept_files(plan: Plan) -> dict[str, bytes]:
    """What a study was read from, by name, fit to be kept in its database: `read_files` reads it again.

    Where results are kept is left out, and may hold a password; a study of another database that this one begins with,
    too: who reads it need not be where that is. The user's own modules are not kept.

    Raises:
        StudyFileError: a file has changed since it was read.
    """
    lender = plan.warm_start
    warm = {"warm_start": lender.study} if lender and lender.storage == plan.storage else {}
    files = {name: plan.shelf.read_again(name) for name in plan.shelf.seen if name != STUDY}
    return {STUDY: (plan.written + (write_document(warm) if warm else "")).encode(), **files}


def own_code(plan: Plan) -> list[str]:
    """The user's own modules that a plan names, sorted: graders, forms, strategies, selectors."""
    values = json.loads(plan.text)
    named = _strings([values["task"], values["strategies"]])
    return sorted({path.partition(":")[0] for path in named if _DOTTED.fullmatch(path)})


def _strings(value: object) -> Iterator[str]:
    """Every text in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings([key, inner])
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _plan(document: Document, folder: Path) -> Plan:
    """The plan of a document, whose relative paths of databases begin at a folder."""
    name_files(document)
    name_strategies(document)
    file = checked(document, (), StudyFile, document.values)
    space = _space(document, file)
    judges = read_judges(document, file.judges or {}, space.models)
    rubric = read_rubric(document, file.task.graders())
    preference = read_preference(document, file.preference, rubric.names)
    task, data_sha256 = _task(document, file, space, judges)
    folds = fold_strategies(document, space, Playbook(judges, rubric.weights(preference)))
    refuse_idle(document, judges, space.strategies)
    tables = digest_tables(document, space.models)
    text = _text(file, space.prompts, judges, data_sha256, tables)
    return Plan(
        name=file.name,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        path=document.path,
        task=task,
        space=replace(space, folds=folds),
        objectives={name: (entry.name, entry.options) for name, (_, entry) in file.task.graders().items()},
        preference=preference,
        preferences=read_preferences(document, file.preferences, preference, rubric.names),
        judges=judges,
        budget=_budget(file.budget),
        sampler=file.sampler,
        seed=file.seed,
        storage=absolute(file.storage, folder),
        trials=file.trials,
        on_error=file.on_error or "stop",
        warm_start=_warm_start(document, file, folder),
        written=write_document({key: value for key, value in document.values.items() if key not in _ELSEWHERE}),
        shelf=document.shelf,
    )


def _space(document: Document, file: StudyFile) -> Space:
    models = {name: as_model(name, entry, document.shelf) for name, entry in file.models.items()}
    return Space(
        prompts=read_prompts(document, file.prompts),
        models=models,
        strategies=file.strategies,
        ns=file.n,
        temperatures=file.temperatures,
        slots=file.slots,
        modes=read_modes(document, file.modes or {}, models),
    )


def _task(document: Document, file: StudyFile, space: Space, judges: Mapping[str, Judge]) -> tuple[Task, str]:
    """The examples, which hold all that prompts, modes and judges show, and the sha256 of their file."""
    lines = [(place, Prompt("", user=line)) for place, line in mode_lines(space.modes)]
    shown = fields_beside(document, lines, space.slots) | shown_fields(document, space.prompts, space.slots)
    prompts = [(("judges", name, "prompt"), judge.prompt) for name, judge in judges.items()]
    judged = fields_beside(document, prompts, space.slots)
    task, data_sha256 = read_task(document, file.task, shown, judged, name=file.name, seed=file.seed)
    for slot in space.slots:
        if slot in task.dev[0].fields:
            where = document.where(("slots", slot))
            raise StudyFileError("a field of the data is called so too", where=where, mend="rename the slot")
    return task, data_sha256


def _text(
    file: StudyFile,
    prompts: Mapping[str, Prompt],
    judges: Mapping[str, Judge],
    data_sha256: str,
    tables: Mapping[str, str],
) -> str:
    """Canonical JSON of all that decides the result. The order of choices is kept: the first one is the default.

    A key that older versions did not know leaves no trace where it is not used: an unchanged file keeps its text.
    """
    values = file.given()
    del values["storage"]  # where results are kept decides none of them, and its URL may hold a password
    values.pop("warm_start", None)  # the same for where a study begins: a study that goes on may drop or add it
    values["prompts"] = {name: _words(prompt) for name, prompt in prompts.items()}
    values["strategies"] = as_written(file.strategies)
    values["task"]["data_sha256"] = data_sha256
    values["models"] = {name: as_decisive(entry) for name, entry in values["models"].items()}
    for name, table_sha256 in tables.items():
        values["models"][name]["table_sha256"] = table_sha256
    for name, judge in judges.items():
        values["judges"][name]["prompt"] = _words(judge.prompt)
        model = values["judges"][name]["model"]
        values["judges"][name]["model"] = model if isinstance(model, str) else as_decisive(model)
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _words(prompt: Prompt) -> dict[str, Any]:
    return {"system": prompt.system, "user": prompt.user}


def _budget(entry: BudgetEntry) -> Budget:
    return Budget(calls=entry.calls, tokens=entry.tokens, usd=entry.usd, wall_clock_s=entry.wall_clock)


def _warm_start(document: Document, file: StudyFile, folder: Path) -> WarmStart | None:
    """The study to begin with; a path stands for an SQLite file."""
    entry = file.warm_start
    if entry is None:
        return None
    url = entry.storage or file.storage
    url = url if "://" in url else f"sqlite:///{url}"
    return WarmStart(entry.study, absolute(url, folder), document.where(("warm_start",)))


def absolute(url: str, folder: Path = Path()) -> str:
    """The URL with an SQLite file's path made absolute, so that it is the same from every working directory."""
    scheme, mark, place = url.partition(":///")
    if not scheme.startswith("sqlite") or not mark or place in ("", ":memory:") or place.startswith("file:"):
        return url
    return f"{scheme}:///{(folder / place).resolve()}"
