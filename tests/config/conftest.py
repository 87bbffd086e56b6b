"""A small study on disk, and a way to spoil one line of it."""

from pathlib import Path

import pytest

from jointopt.config import Plan, read_study
from jointopt.errors import UserError

STUDY = """\
name: small
task:
  data: examples.jsonl
  sealed: 0.4
prompts:
  plain: "{question}"
  steps: {system: Think., user: "{question} Work step by step."}
models:
  nano: embedded/nano
n: [1, 4]
budget: {calls: 100, wall_clock: 1h30m}
"""
EXAMPLES = "\n".join(f'{{"question": "what is {n} + 1?", "answer": {n + 1}}}' for n in range(10))


class Folder:
    """A study's folder under test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.study = path / "study.yaml"
        self.write("study.yaml", STUDY)
        self.write("examples.jsonl", EXAMPLES)

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the folder."""
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def replace(self, old: str, new: str) -> None:
        """Change a part of the study file that stands in it."""
        text = self.study.read_text()
        assert old in text, f"{old!r} is not in the study file"
        self.study.write_text(text.replace(old, new))

    def add(self, lines: str) -> None:
        """Put lines of YAML below the study file; the first one becomes line 12."""
        self.study.write_text(self.study.read_text() + lines)

    def read(self) -> Plan:
        """The plan of the study."""
        return read_study(self.study)

    def refusal(self) -> str:
        """What is said when the study is read; it says how to mend it."""
        with pytest.raises(UserError) as refusal:
            read_study(self.study)
        assert refusal.value.mend, "a message without a mend"
        return str(refusal.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with a good study of ten examples."""
    return Folder(tmp_path)
