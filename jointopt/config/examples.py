"""Rows become examples, and examples two halves. It knows what the prompts show, not what they say."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from random import Random

from jointopt.config.document import Document
from jointopt.config.file import FEWEST, TaskEntry
from jointopt.config.rows import Row, read_data, read_rows
from jointopt.config.terms import nearest
from jointopt.domain import Example, Task
from jointopt.errors import StudyFileError, TaskError

_ROLES = {"question": "question", "answer": "answer"}


def read_task(
    document: Document, entry: TaskEntry, shown: Mapping[str, str], judged: Mapping[str, str], *, name: str, seed: int
) -> tuple[Task, str]:
    """The examples of a study, checked and split, and the sha256 of their file.

    Args:
        document: the study file, to say where something is.
        entry: its `task`.
        shown: the fields that prompts, slots and modes show, each with the place in the study file that shows it.
        judged: the fields that judges show, likewise. To a judge, ``answer`` is a completion, not the reference.
        name: of the study.
        seed: of the split.

    Raises:
        TaskError: the data cannot be read, or not used.
        StudyFileError: the study file asks for what the data does not have.
    """
    path, where = document.shelf.place(entry.data), document.where(("task", "data"))
    content = read_data(document.shelf, entry.data, where=where)
    rows = read_rows(path, content)
    if len(rows) < 2 * FEWEST:
        few = f"{len(rows)} examples" if rows else "no examples"
        raise TaskError(few, where=str(path), mend=f"a study needs {2 * FEWEST} at least, and 50 to say anything")
    columns = _ROLES | dict(entry.fields)
    _check_columns(document, columns, rows)
    judged = {field: where for field, where in judged.items() if field != "answer"}
    _check_shown(document, columns, [*shown.items(), *judged.items()], rows)
    examples = [_example(row, columns, {*shown, *judged}, number) for number, row in enumerate(rows, start=1)]
    _refuse_repeats(rows, examples, shown)
    return _split(document, entry, examples, name, seed), sha256(content).hexdigest()


def _check_columns(document: Document, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    known = _columns(rows)
    for field, column in columns.items():
        if column not in known:
            where = document.where(("task", "fields", field))
            mend = f"name a column of the data: {nearest(column, known)}"
            raise StudyFileError(f"the data has no column {column!r}", where=where, mend=mend)


def _columns(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row.cells))


def _check_shown(
    document: Document, columns: Mapping[str, str], shown: Iterable[tuple[str, str]], rows: Sequence[Row]
) -> None:
    known = [*columns, *(column for column in _columns(rows) if column not in columns.values())]
    for field, where in shown:
        if columns["answer"] in (field, columns.get(field)):
            raise StudyFileError(f"{{{field}}} shows the reference answer", where=where, mend="take it out")
        if field not in known:
            mend = f"{nearest(field, [name for name in known if name != 'answer'])}; for braces as such write {{ x }}"
            raise StudyFileError(f"{{{field}}} is neither a field of the data nor a slot", where=where, mend=mend)


def _example(row: Row, columns: Mapping[str, str], shown: Iterable[str], number: int) -> Example:
    """One row as an example: renamed fields, every other column under its own name, the reference kept apart."""
    renamed = {field: row.cells[column] for field, column in columns.items() if column in row.cells}
    others = {column: cell for column, cell in row.cells.items() if column not in columns.values()}
    fields = others | renamed
    for field in ("question", "answer", *sorted(shown)):
        if not fields.get(field, "").strip():
            mend = "give every example one, or take the row out"
            raise TaskError(f"no {columns.get(field, field)!r} here", where=row.where, mend=mend)
    reference = fields.pop("answer")
    return Example(fields.get("id", "").strip() or str(number), fields, reference)


def _refuse_repeats(rows: Sequence[Row], examples: Sequence[Example], shown: Iterable[str]) -> None:
    """Refuse examples that are one: a question in both halves would make the sealed score a lie."""
    visible = sorted({"question", *shown})
    ids: dict[str, str] = {}
    questions: dict[tuple[str, ...], str] = {}
    for row, example in zip(rows, examples, strict=True):
        content = tuple(" ".join(example.fields[field].split()) for field in visible)
        twin = ids.get(example.id)
        if twin:
            raise TaskError(f"the id {example.id!r} is also that of {twin}", where=row.where, mend="rename one")
        twin = questions.get(content)
        if twin:
            question = example.fields["question"][:60]
            raise TaskError(f"the question {question!r} stands at {twin} too", where=row.where, mend="keep one")
        ids[example.id] = questions[content] = row.where


def _split(document: Document, entry: TaskEntry, examples: list[Example], name: str, seed: int) -> Task:
    sealed = entry.sealed if isinstance(entry.sealed, int) else round(entry.sealed * len(examples))
    if not FEWEST <= sealed <= len(examples) - FEWEST:
        message = f"{entry.sealed} of {len(examples)} examples seals {sealed}"
        where = document.where(("task", "sealed"))
        raise StudyFileError(message, where=where, mend="leave two at least on either side")
    order = Random(seed).sample(examples, len(examples))
    return Task(name, dev=tuple(order[sealed:]), sealed=tuple(order[:sealed]))
