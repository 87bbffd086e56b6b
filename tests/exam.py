"""Questions that the embedded model knows something about, as the data of a small study."""

import json
from pathlib import Path

from jointopt.pocket.exam import draw_exam


def write_exam(folder: Path) -> None:
    """Twenty-four questions and their answers, in ``examples.jsonl``."""
    exam = [problem for _, problem in draw_exam(5)[::4]][:24]
    lines = [json.dumps({"question": problem.question, "answer": problem.answer}) for problem in exam]
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
