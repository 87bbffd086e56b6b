"""The kinds of value that a study file holds: each refuses with a reason and a mend, not knowing where it stands."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?\s*[smhd]\s*)+")


TAGS = ("[key]", "[id]", "[own]")  # parts of an error's place that stand for no value of the file


def refusal(message: str, mend: str, *, key: str | int | None = None) -> PydanticCustomError:
    """An error that says what is wrong and how to mend it; `key` says at which value inside."""
    return PydanticCustomError("study", "{message}", {"message": message, "mend": mend, "key": key})


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'calls'? known: calls, usd``."""
    names = [str(name) for name in known]
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + f"known: {', '.join(names)}"


class Section(BaseModel):
    """A mapping of the study file; it refuses a key that it does not know, and names the nearest one that it does."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        known = {entry.alias or name for name, entry in cls.model_fields.items()}
        for key in values if isinstance(values, Mapping) else ():
            if str(key) not in known:
                mend = KEY_MEND if is_secret(str(key)) else nearest(str(key), sorted(known))
                raise refusal(f"unknown key {str(key)!r}", mend, key=str(key))
        return values

    def given(self) -> dict[str, Any]:
        """The values as JSON knows them, without those that are not set."""
        return self.model_dump(mode="json", exclude_none=True)

    def changed(self, **values: object) -> Self:
        """The same with other values."""
        return self.model_copy(update=values)


KEY_MEND = "keys stay out of the file: name an environment variable, `key_env: OPENAI_API_KEY`"
_SECRET = re.compile(
    r"(x-)?api[-_]?key|(proxy-)?authorization|secret|password|(access|auth|bearer)[-_]?token", re.IGNORECASE
)


def is_secret(key: str) -> bool:
    """Whether a key's name says that a secret follows."""
    return bool(_SECRET.fullmatch(key))


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][\w.:+-]{0,63}", text):
        raise refusal(f"{text!r} cannot be a name", "use up to 64 letters, digits and any of . _ : + -")
    return text


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if not _LENGTH.fullmatch(text):
        raise refusal(f"{value!r} is no length of time", "write it like 90s, 10m, 2h or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([\d.]+)\s*([smhd])", text))


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def listed(kind: Any) -> BeforeValidator:
    """One value of a kind may stand for a list of one."""
    return BeforeValidator(_listed, json_schema_input_type=kind | list[kind])


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


def _or_none(value: Any) -> Any:
    said = value.given() if isinstance(value, Section) else value
    return value if said else None


def storable(value: str) -> str:
    """The text, unless it cannot be stored."""
    if re.search("[\ud800-\udfff\x00]", value):
        raise refusal("holds a character that cannot be stored", "remove the NUL or half surrogate")
    return value


Name = Annotated[str, AfterValidator(_identifier)]
"""What a study, a prompt, a model or an option is called."""
Text = Annotated[str, AfterValidator(storable)]
"""Any text that can be sent and stored."""
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=float | str), Field(gt=0)]
"""``90s``, ``10m``, ``2h``, ``1h30m``, or a number of seconds."""
EachOnce = AfterValidator(_each_once)
"""Repeated values count once."""
Ascending = AfterValidator(_ascending)
"""Sorted, and each once."""
OrNone = AfterValidator(_or_none)
"""An empty one is none: a key that says nothing leaves no trace in a study's canonical text."""
