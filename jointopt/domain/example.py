"""One question and its reference answer."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One question and its reference answer.

    Attributes:
        id: unique within the task.
        fields: what a prompt may show, by the names used in prompt templates (``question`` at least).
        reference: the right answer, as written in the data.
    """

    id: str
    fields: Mapping[str, str]
    reference: str
