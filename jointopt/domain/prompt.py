"""A named template, and the chat it becomes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A named template of a system line and a user turn.

    A place ``{name}`` holds a field of the example or an option of a slot; braces around anything else stay. Prompts of
    one kind have the same `family`, which decides nothing: reports tell what models make of it.
    """

    id: str
    user: str
    system: str = ""
    family: str = ""

    def places(self) -> frozenset[str]:
        """The names that stand in braces."""
        return frozenset(_PLACE.findall(self.system) + _PLACE.findall(self.user))

    def render(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """The chat with every place filled; an empty turn is left out."""
        turns = (Message("system", fill(self.system, values)), Message("user", fill(self.user, values)))
        return tuple(turn for turn in turns if turn.content.strip())


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every known place filled, once: what a value contains is not read again."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
