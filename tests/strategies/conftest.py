"""A playbook with a judge, as a study has one."""

import pytest

from jointopt.domain import Judge, Model, Prompt
from jointopt.strategies import Playbook

JUDGE = Judge("careful", Model("judge", "echo/judge", max_tokens=8), Prompt("j", "{question}: {answer}? 0 to 10"))


@pytest.fixture(scope="session")
def playbook() -> Playbook:
    """With the judge `careful` and one objective that needs no reference."""
    return Playbook({"careful": JUDGE}, weights=(0.5,))
