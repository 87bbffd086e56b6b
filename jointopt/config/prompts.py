"""Prompts and slots: files become texts, and every place in braces is accounted for. It does not know the data."""

import re
from collections.abc import Mapping

from jointopt.config.document import Document, read_text
from jointopt.config.file import PromptEntry, StudyFile
from jointopt.domain import Prompt
from jointopt.errors import StudyFileError

_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)


def name_files(document: Document) -> None:
    """Replace a pattern of prompt files, ``prompts: prompts/*.md``, by the files, each called by its stem.

    Raises:
        StudyFileError: no file is like that, or the pattern is none.
    """
    pattern = document.values.get("prompts")
    if not isinstance(pattern, str):
        return
    folder = document.path.parent
    try:
        files = sorted(path.relative_to(folder) for path in folder.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError):  # no pattern, an absolute one, or one that leaves the folder
        files = []
    if not files:
        mend = "write a pattern like prompts/*.md, from the study file's folder"
        raise StudyFileError(f"no prompt file is like {pattern!r}", where=document.where(("prompts",)), mend=mend)
    document.values["prompts"] = {file.stem: {"file": file.as_posix()} for file in files}


def read_prompts(document: Document, entries: Mapping[str, PromptEntry]) -> dict[str, Prompt]:
    """The prompts by id, with the texts of their files.

    Raises:
        StudyFileError: a file cannot be read, a prompt is empty, or says the same as another.
    """
    prompts = {name: _prompt(document, name, entry) for name, entry in entries.items()}
    names: dict[tuple[str, str], str] = {}
    for name, prompt in prompts.items():
        twin = names.setdefault((prompt.system, prompt.user), name)
        if twin != name:
            where = document.where(("prompts", name))
            raise StudyFileError(f"says the same as {twin!r}", where=where, mend="keep one of the two")
    return prompts


def _prompt(document: Document, name: str, entry: PromptEntry) -> Prompt:
    if entry.file is None:
        return Prompt(name, user=entry.user.strip(), system=entry.system.strip())
    where = document.where(("prompts", name))
    *systems, user = _RULE.split(read_text(document.path.parent / entry.file, where=where), maxsplit=1)
    system = "".join(systems)
    if not user.strip():
        raise StudyFileError(f"the prompt is empty: {entry.file}", where=where, mend="write what the model is asked")
    return Prompt(name, user=user.strip(), system=system.strip())


def shown_fields(document: Document, file: StudyFile, prompts: Mapping[str, Prompt]) -> dict[str, str]:
    """The fields that prompts and the options of slots show, each with where the study file first does.

    Raises:
        StudyFileError: a slot that no prompt shows: it would be a choice that changes nothing.
    """
    shown: dict[str, str] = {}
    for name, prompt in prompts.items():
        for place in sorted(prompt.places()):
            shown.setdefault(place, document.where(("prompts", name)))
    for slot, options in file.slots.items():
        if shown.pop(slot, None) is None:
            mend = f"write {{{slot}}} in a prompt, or take the slot out"
            raise StudyFileError("no prompt shows this slot", where=document.where(("slots", slot)), mend=mend)
        for option, text in options.items():
            for place in sorted(Prompt(slot, user=text).places()):
                shown.setdefault(place, document.where(("slots", slot, option)))
    return shown
