"""The maxima of the house: sizes, docstrings, names, and that the documents tell the truth about the tree.

What a linter already says is left to the linter.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from jointopt import domain

ROOT = Path(__file__).parents[1]
FILE_LINES, FUNCTION_LINES = 300, 40
VAGUE = {"common", "core", "helpers", "lib", "manager", "managers", "misc", "shared", "tools", "utils"}
UNUSED_WORDS = {"arm", "candidate", "generation", "helper", "item", "manager", "util"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = Function | ast.ClassDef


def _sources(*tops: str) -> list[Path]:
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


LIBRARY = _sources("jointopt", "dashboards")
TESTS = _sources("tests")


def _ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", [*LIBRARY, *TESTS], ids=_ids)
every_library_file = pytest.mark.parametrize("path", LIBRARY, ids=_ids)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def _length(function: Function) -> int:
    """Lines of a function without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


def _public(node: ast.Module | ast.ClassDef) -> Iterator[Named]:
    """The public functions, classes and methods, at any depth of classes."""
    for child in node.body:
        if isinstance(child, Named) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def forbidden_folders(package: Path) -> list[str]:
    """The folders of a package whose names say nothing."""
    return sorted(path.name for path in package.rglob("*") if path.is_dir() and path.name in VAGUE)


@every_file
def test_no_file_is_longer_than_one_question(path: Path) -> None:
    """A file answers one question, in at most 300 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@every_file
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    """A function has at most 40 lines beside its docstring."""
    assert [(each.name, _length(each)) for each in _functions(path) if _length(each) > FUNCTION_LINES] == []


@every_file
def test_every_file_says_what_it_is(path: Path) -> None:
    """Every file begins with a docstring."""
    assert ast.get_docstring(_tree(path))


@every_library_file
def test_every_public_name_says_what_it_is(path: Path) -> None:
    """Every public function, class and method has a docstring."""
    assert [each.name for each in _public(_tree(path)) if not ast.get_docstring(each)] == []


@pytest.mark.parametrize("path", [path for path in TESTS if path.name.startswith("test_")], ids=_ids)
def test_every_test_is_a_sentence(path: Path) -> None:
    """Every test has a docstring that ends as a sentence does."""
    tests = [each for each in _functions(path) if each.name.startswith("test_")]
    assert tests
    assert [each.name for each in tests if not (ast.get_docstring(each) or "").rstrip().endswith((".", "?", "!"))] == []


@every_library_file
def test_every_all_is_sorted(path: Path) -> None:
    """`__all__` names constants, then classes, then functions, each by the alphabet and once."""
    for node in _tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = ast.literal_eval(node.value)
            assert names == sorted(set(names), key=lambda name: (not name.isupper(), name[0].islower(), name))


@every_library_file
def test_only_the_words_of_the_glossary_name_a_class_or_a_function(path: Path) -> None:
    """The words that the glossary gives up name nothing public."""
    words = {each.name: set(re.findall("[A-Z]?[a-z]+", each.name)) for each in _public(_tree(path))}
    assert [name for name, parts in words.items() if {part.lower() for part in parts} & UNUSED_WORDS] == []


@pytest.mark.parametrize("package", ["jointopt", "dashboards", "tests"])
def test_no_folder_is_a_drawer_for_everything(package: str) -> None:
    """A folder is named by what it does: there are no utils."""
    assert forbidden_folders(ROOT / package) == []


def _drawn(text: str) -> set[str]:
    """The files in the tree of ARCHITECTURE.md: a line per room, and below it its files, parted by dots."""
    block = re.search(r"```tree\n(.*?)```", text, re.DOTALL)
    assert block, "ARCHITECTURE.md has no ```tree block"
    files, folders = set(), [""]
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        folders = folders[: depth + 1]
        if room := re.match(r"\s*(\w+/)", line):
            folders.append(folders[-1] + room[1])
        else:
            names = (name.strip() for name in line.split("·"))
            files |= {folders[-1] + (name if "." in name else f"{name}.py") for name in names if name}
    return files


def test_the_tree_of_the_architecture_is_the_tree_on_disk() -> None:
    """ARCHITECTURE.md draws every file of the library, and none that is absent."""
    drawn = _drawn((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    package = ROOT / "jointopt"
    left_out = {"__pycache__", "studies"}
    files = (path for path in package.rglob("*") if path.is_file() and not left_out & set(path.parts))
    on_disk = {str(path.relative_to(ROOT)) for path in files if path.suffix != ".checkpoint"}
    on_disk -= {name for name in on_disk if name.endswith("/__init__.py")}
    assert sorted(drawn ^ on_disk) == []


def test_the_glossary_explains_every_noun_of_the_domain() -> None:
    """Every class of `jointopt.domain` is a word of the glossary."""
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"\*\*(\w+)\*\*", text))
    nouns = {name for name in domain.__all__ if isinstance(getattr(domain, name), type)}
    assert sorted(nouns - explained) == []
