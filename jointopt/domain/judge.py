"""A judge: a model that helps a strategy to choose among samples. It does not know the truth."""

from collections.abc import Mapping
from dataclasses import dataclass

from jointopt.domain.model import Model
from jointopt.domain.prompt import Prompt
from jointopt.domain.sample import Request


@dataclass(frozen=True, slots=True)
class Judge:
    """A model with a prompt that asks it to mark an answer.

    Attributes:
        id: the name in the study.
        model: who judges.
        prompt: shows the fields of the example and ``{answer}``, the completion to mark.
        best: the highest mark; marks are read as numbers from 0 to it.
        temperature: of sampling.
    """

    id: str
    model: Model
    prompt: Prompt
    best: float = 10.0
    temperature: float = 0.0

    def request(self, fields: Mapping[str, str], text: str, seed: int) -> Request:
        """What is sent to have a completion marked."""
        messages = self.prompt.render({**fields, "answer": text})
        return Request(self.model, messages, self.temperature, seed)
