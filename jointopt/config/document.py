"""A YAML file whose every value knows its line. It does not know what a study is."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jointopt.config.shelf import STUDY, Folder, Kept, Shelf
from jointopt.errors import StudyFileError

Place = tuple[str | int, ...]

_MOST_VALUES = 1_000_000

_KEY = re.compile(
    r"(?<![\w-])(sk-[\w-]{16,}|(gsk|hf|xai|ghp|pplx)[_-]\w{20,}|AIza[\w-]{30,}|AKIA[A-Z0-9]{16})"
    r"|\bBearer\s+[\w.~+/-]{16,}"
)


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a YAML mapping, where each of them stands, and where the files are that it names."""

    path: Path
    values: dict[str, object]
    lines: dict[Place, int]
    shelf: Shelf

    def where(self, place: Place = ()) -> str:
        """``study.yaml:12: budget.calls``, with the line of the nearest enclosing value that is written out."""
        written = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines), ())
        line = self.lines.get(written, 1)
        return f"{self.path}:{line}" + (f": {dotted(place)}" if place else "")


def dotted(place: Place) -> str:
    """``prompts.steps``; a number counts from 1: ``n[2]``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def read_document(path: Path) -> Document:
    """Read a file that must be one YAML mapping.

    Raises:
        StudyFileError: it is missing, not UTF-8, not YAML, no mapping, names a key twice, or holds a secret.
    """
    return _parsed(path, read_text(Folder(path.parent), path.name, where=str(path)), Folder(path.parent))


def kept_document(path: Path, shelf: Kept) -> Document:
    """A document that `write_document` wrote, from a database; `path` is how messages call it.

    Raises:
        StorageError: it is not kept.
        StudyFileError: as for `read_document`.
    """
    return _parsed(path, read_text(shelf, STUDY, where=str(path)), shelf)


def write_document(values: Mapping[str, object]) -> str:
    """Values as a YAML text that reads as the same values, without the comments."""
    lasting = {"sort_keys": False, "allow_unicode": True, "width": sys.maxsize}
    text: str = yaml.dump(dict(values), Dumper=_Dumper, **lasting)
    return text


def _parsed(path: Path, text: str, shelf: Shelf) -> Document:
    _refuse_secrets(path, text)
    node, values = _load(path, text)
    _unfolded(path, node, {})
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        raise StudyFileError("holds no keys", where=str(path), mend="begin with a line like `name: my-study`")
    lines: dict[Place, int] = {}
    for place, line in _lines(node, (), set()):
        if place in lines:
            where, mend = f"{path}:{line}: {dotted(place)}", f"keep one; the other is on line {lines[place]}"
            raise StudyFileError(f"the key {place[-1]!r} stands twice", where=where, mend=mend)
        lines[place] = line
    return Document(path, values, lines, shelf)


def _load(path: Path, text: str) -> tuple[yaml.Node | None, object]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return node, loader.construct_document(node) if isinstance(node, yaml.MappingNode) else None
    except yaml.MarkedYAMLError as error:
        raise StudyFileError(_reason(error), where=_at(path, error), mend=_YAML_MEND) from None
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids, a number that is none
        raise StudyFileError(f"not YAML: {error}".partition("\n")[0], where=str(path), mend=_YAML_MEND) from None


def read_text(shelf: Shelf, name: str, *, where: str) -> str:
    """A UTF-8 file's text. `where` names who asks for it."""
    path = shelf.place(name)
    try:
        return shelf.read(name).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        mend = "save the file as UTF-8"
        raise StudyFileError(f"{path} is not UTF-8 at byte {error.start}", where=where, mend=mend) from None
    except FileNotFoundError:
        raise StudyFileError(f"no file {path}", where=where, mend="check the path") from None
    except (OSError, ValueError) as error:  # a folder, no permission, a path that can be none
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyFileError(f"cannot read {path}: {reason}", where=where, mend="name a readable file") from None


# YAML 1.2's plain words: ``yes``, ``on`` and dates stay text, and ``1e-3`` is a number.
_Loader: Any = type("_Loader", (yaml.SafeLoader,), {})
_DROPPED = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
_Dumper: Any = type("_Dumper", (yaml.SafeDumper,), {"yaml_implicit_resolvers": _Loader.yaml_implicit_resolvers})
_YAML_MEND = "check the indentation, the quotes and the colons there"


def _lines(node: yaml.Node, place: Place, seen: set[int]) -> Iterator[tuple[Place, int]]:
    if id(node) in seen:  # an alias: its values stand where they were first written
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*place, str(key.value)), key.start_mark.line + 1
            yield from _lines(value, (*place, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*place, number), value.start_mark.line + 1
            yield from _lines(value, (*place, number), seen)


def _unfolded(path: Path, node: yaml.Node | None, sizes: dict[int, int]) -> int:
    """How many values a node holds with every alias written out; a few lines can stand for billions.

    Raises:
        StudyFileError: too many, or an alias that holds itself.
    """
    if id(node) not in sizes:
        sizes[id(node)] = 0  # while it is being counted
        inside = node.value if isinstance(node, yaml.SequenceNode | yaml.MappingNode) else ()
        parts = (part for entry in inside for part in (entry if isinstance(entry, tuple) else (entry,)))
        sizes[id(node)] = 1 + sum(_unfolded(path, part, sizes) for part in parts)
    if not 0 < sizes[id(node)] <= _MOST_VALUES:
        told = f"holds more than {_MOST_VALUES:,} values" if sizes[id(node)] else "an alias holds itself"
        raise StudyFileError(told, where=str(path), mend="write out what its aliases stand for")
    return sizes[id(node)]


def _refuse_secrets(path: Path, text: str) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if _KEY.search(line):
            mend = "put the key into an environment variable and name that: `key_env: OPENAI_API_KEY`"
            raise StudyFileError("a key is written here (not shown)", where=f"{path}:{number}", mend=mend)


def _reason(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(filter(None, (error.problem, error.context)))


def _at(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
