"""Data files as rows of text: JSONL, CSV and Parquet. It does not know what the columns mean."""

import csv
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jointopt.config.shelf import Shelf
from jointopt.errors import TaskError


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file.

    Attributes:
        where: ``examples.jsonl:12``.
        cells: text by column; a cell without a value is left out.
    """

    where: str
    cells: Mapping[str, str]


def read_data(shelf: Shelf, name: str, *, where: str) -> bytes:
    """What is in a data file. `where` names who asks for it.

    Raises:
        TaskError: the file is missing, of another kind, or cannot be read.
    """
    path = shelf.place(name)
    if path.suffix.lower() not in _READERS:
        raise TaskError(f"cannot read {path.name!r}", where=where, mend=f"name a file of {', '.join(_READERS)}")
    try:
        return shelf.read(name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError):
        mend = "check the path; it begins at the study file's folder"
        raise TaskError(f"no file {path}", where=where, mend=mend) from None
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror}", where=str(path), mend="check permissions") from None


def read_rows(path: Path, content: bytes) -> list[Row]:
    """Every row of a data file that holds something.

    Args:
        path: its name says of what kind it is; it is not opened.
        content: what is in it.

    Raises:
        TaskError: the file is broken.
    """
    reader = _READERS[path.suffix.lower()]
    return [_row(f"{path}:{number}", values) for number, values in reader(path, content)]


def _row(where: str, values: Mapping[str, object]) -> Row:
    cells = {str(column): _cell(value) for column, value in values.items() if value is not None}
    for column, cell in cells.items():
        if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in cell):
            raise TaskError(f"column {column!r} holds a NUL or half surrogate", where=where, mend="remove it")
    return Row(where, cells)


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _json_rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(_text(path, content).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TaskError(f"not JSON: {error}", where=where, mend="write one JSON object on each line") from None
        if not isinstance(values, dict):
            raise TaskError(f"no JSON object: {line.strip()[:40]}", where=where, mend='write {"question": ...}')
        yield number, values


def _csv_rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, object]]]:
    reader = csv.DictReader(io.StringIO(_text(path, content), newline=""), strict=True)
    try:
        columns = list(reader.fieldnames or ())
        if len(set(columns)) < len(columns):
            raise TaskError(f"a column stands twice: {', '.join(columns)}", where=f"{path}:1", mend="rename one")
        for values in reader:
            if None in values:
                mend = "put cells that hold a comma in double quotes"
                raise TaskError("more cells than columns", where=f"{path}:{reader.line_num}", mend=mend)
            yield reader.line_num, dict(values)
    except csv.Error as error:
        mend = "check the quotes of that line"
        raise TaskError(f"not CSV: {error}", where=f"{path}:{reader.line_num}", mend=mend) from None


def _parquet_rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, object]]]:
    # By name, not by import: pyarrow costs 0.3 s and 60 MB, and most studies have no Parquet.
    yield from importlib.import_module("jointopt.config.parquet").rows(path, content)


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskError(f"not UTF-8 at byte {error.start}", where=str(path), mend="save it as UTF-8") from None


_Reader = Callable[[Path, bytes], Iterator[tuple[int, dict[str, object]]]]
_READERS: dict[str, _Reader] = {".jsonl": _json_rows, ".csv": _csv_rows, ".parquet": _parquet_rows}
