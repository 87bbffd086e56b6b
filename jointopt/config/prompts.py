"""Prompts and slots: files become texts, and every place in braces is accounted for. It does not know the data."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from jointopt.config.document import Document, Place, read_text
from jointopt.config.terms import Name, Section, Text, refusal
from jointopt.domain import Prompt
from jointopt.errors import StudyFileError

_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)


class PromptEntry(Section):
    """A prompt, written here or in a file of its own."""

    file: str | None = None
    """A text file; a line `---` in it parts the system line from the user turn."""
    system: Text = ""
    """The system line."""
    user: Text = ""
    """The user turn."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.file is not None and (self.system or self.user):
            raise refusal("has a file and a text", "keep `file`, or `system` and `user`")
        if self.file is None and not self.user.strip():
            raise refusal("the prompt is empty", "write what the model is asked, e.g. '{question}'")
        return self


def _prompt(value: Any) -> Any:
    return {"user": value or ""} if value is None or isinstance(value, str) else value


PromptChoice = Annotated[PromptEntry, BeforeValidator(_prompt, json_schema_input_type=str | PromptEntry)]
"""A prompt as a mapping, or its user turn alone."""


class KindredEntry(PromptEntry):
    """A prompt among others of its kind."""

    family: Name | None = None
    """Prompts of one kind share a family, such as all that ask for steps: the report says what each family does for a
    cheap and for a strong model. Left out: a family of its own, called as the prompt is. It changes no result."""


KindredChoice = Annotated[KindredEntry, BeforeValidator(_prompt, json_schema_input_type=str | KindredEntry)]
"""One of the study's prompts."""


def name_files(document: Document) -> None:
    """Replace a pattern of prompt files, ``prompts: prompts/*.md``, by the files, each called by its stem.

    Raises:
        StudyFileError: no file is like that, or the pattern is none.
    """
    pattern = document.values.get("prompts")
    if not isinstance(pattern, str):
        return
    files = document.shelf.like(pattern)
    if not files:
        mend = "write a pattern like prompts/*.md, from the study file's folder"
        raise StudyFileError(f"no prompt file is like {pattern!r}", where=document.where(("prompts",)), mend=mend)
    document.values["prompts"] = {PurePosixPath(file).stem: {"file": file} for file in files}


def read_prompts(document: Document, entries: Mapping[str, KindredEntry]) -> dict[str, Prompt]:
    """The prompts by id, with the texts of their files.

    Raises:
        StudyFileError: a file cannot be read, a prompt is empty, or says the same as another.
    """
    prompts = {
        name: replace(read_prompt(document, ("prompts", name), name, entry), family=entry.family or "")
        for name, entry in entries.items()
    }
    names: dict[tuple[str, str], str] = {}
    for name, prompt in prompts.items():
        twin = names.setdefault((prompt.system, prompt.user), name)
        if twin != name:
            where = document.where(("prompts", name))
            raise StudyFileError(f"says the same as {twin!r}", where=where, mend="keep one of the two")
    return prompts


def read_prompt(document: Document, place: Place, name: str, entry: PromptEntry) -> Prompt:
    """One prompt, with the text of its file.

    Raises:
        StudyFileError: the file cannot be read, or asks nothing.
    """
    if entry.file is None:
        return Prompt(name, user=entry.user.strip(), system=entry.system.strip())
    where = document.where(place)
    *systems, user = _RULE.split(read_text(document.shelf, entry.file, where=where), maxsplit=1)
    system = "".join(systems)
    if not user.strip():
        raise StudyFileError(f"the prompt is empty: {entry.file}", where=where, mend="write what the model is asked")
    return Prompt(name, user=user.strip(), system=system.strip())


def shown_fields(
    document: Document, prompts: Mapping[str, Prompt], slots: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """The fields that prompts and the options of slots show, each with where the study file first does.

    Raises:
        StudyFileError: a slot that no prompt shows: it would be a choice that changes nothing.
    """
    shown: dict[str, str] = {}
    for name, prompt in prompts.items():
        for place in sorted(prompt.places()):
            shown.setdefault(place, document.where(("prompts", name)))
    for slot, options in slots.items():
        if shown.pop(slot, None) is None:
            mend = f"write {{{slot}}} in a prompt, or take the slot out"
            raise StudyFileError("no prompt shows this slot", where=document.where(("slots", slot)), mend=mend)
        for option, text in options.items():
            for place in sorted(Prompt(slot, user=text).places()):
                shown.setdefault(place, document.where(("slots", slot, option)))
    return shown


def fields_beside(document: Document, prompts: Iterable[tuple[Place, Prompt]], slots: Container[str]) -> dict[str, str]:
    """The fields that are shown beside the study's prompts, by modes and judges, each with where it first is.

    Raises:
        StudyFileError: a slot is shown there, where none is filled.
    """
    shown: dict[str, str] = {}
    for place, prompt in prompts:
        for field in sorted(prompt.places()):
            if field in slots:
                mend = "slots are filled in prompts only: write the text of an option"
                raise StudyFileError(f"{{{field}}} is a slot", where=document.where(place), mend=mend)
            shown.setdefault(field, document.where(place))
    return shown
