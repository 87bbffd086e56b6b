"""Sabotage: each wall of the house is breached once, in a copy, and the check that guards it must fail."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = "Floors: imports run down only, and neighbours do not know each other"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of everything that the walls are checked on."""
    for package in ("jointopt", "dashboards"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _broken_walls(house: Path) -> tuple[set[str], str]:
    """The names of the contracts that import-linter finds broken, and all that it says."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    wide = os.environ | {"COLUMNS": "200"}
    done = subprocess.run(command, cwd=house, env=wide, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    return set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE)), done.stdout


@pytest.mark.parametrize(
    ("planted", "text", "wall", "evidence"),
    [
        pytest.param(
            "strategies/planted.py",
            "from jointopt.grading import base\n",
            FLOORS,
            "jointopt.strategies.planted -> jointopt.grading",
            id="a strategy that reads the answer key",
        ),
        pytest.param(
            "strategies/planted.py",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from jointopt.grading import base\n",
            FLOORS,
            "jointopt.strategies.planted -> jointopt.grading",
            id="a strategy that knows the answer key by its type",
        ),
        pytest.param(
            "search/planted.py",
            "import sqlalchemy\n",
            "SQLAlchemy and Alembic live in storage",
            "jointopt.search.planted -> sqlalchemy",
            id="a database in the search",
        ),
        pytest.param("utils/__init__.py", "", FLOORS, "jointopt.utils", id="a room on no floor"),
        pytest.param(
            "cli/planted.py",
            "import dashboards\n",
            "Dashboards stand on the library, never the reverse",
            "jointopt.cli.planted -> dashboards",
            id="a door that knows the dashboards",
        ),
    ],
)
def test_a_breached_wall_is_found(house: Path, planted: str, text: str, wall: str, evidence: str) -> None:
    """Import-linter fails, names the wall, and names the import that breaches it."""
    place = house / "jointopt" / planted
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="utf-8")
    broken, said = _broken_walls(house)
    assert broken == {wall}
    assert evidence in said


def test_a_folder_called_utils_is_found(house: Path) -> None:
    """The house refuses a folder whose name says nothing."""
    (house / "jointopt" / "grading" / "utils").mkdir()
    forbidden_folders = run_path(str(ROOT / "tests" / "test_house.py"))["forbidden_folders"]
    assert forbidden_folders(house / "jointopt") == ["utils"]
