"""Modes in the study file: how hard a model is to think. It knows the models' names, not what they make of a mode."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from jointopt.config.document import Document, Place
from jointopt.config.models import Body
from jointopt.config.terms import Name, OrNone, Section, Text, nearest, refusal
from jointopt.domain import Mode, Model
from jointopt.errors import StudyFileError

_SWITCHES = ("reasoning_effort", "extra_body")  # fields of the body that have keys of their own


class Switches(Section):
    """What a mode sends beside the prompt. Nothing is a mode too: the model as it is."""

    system: Text = ""
    """Put before the prompt's system line; it may show fields of the example, but no slots."""
    max_tokens: int | None = Field(default=None, ge=1)
    """The longest completion in tokens, reasoning included; left out, the model's own."""
    reasoning_effort: Text | None = None
    """`low`, `medium`, `high`, or what else the vendor knows."""
    extra_body: Body | None = None
    """What only this server knows, e.g. `{chat_template_kwargs: {enable_thinking: false}}`."""
    extra: Body = Field(default_factory=dict)
    """Further fields of the request's body; they win over the model's own."""

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for switch in _SWITCHES:
            if getattr(self, switch) is not None and switch in self.extra:
                raise refusal(f"{switch!r} stands in `extra` too", "keep one of the two", key=switch)
        return self

    def body(self) -> dict[str, Any]:
        """Its fields of the request's body."""
        switches = {switch: getattr(self, switch) for switch in _SWITCHES}
        return self.extra | {switch: value for switch, value in switches.items() if value is not None}


class ModeEntry(Switches):
    """How hard a model is to think: its reasoning switches under one name."""

    models: Annotated[dict[Name, Switches] | None, OrNone] = None
    """What the mode is for some models, by their names, instead of all that stands beside it."""


def read_modes(document: Document, entries: Mapping[str, ModeEntry], models: Mapping[str, Model]) -> dict[str, Mode]:
    """The modes by id.

    Raises:
        StudyFileError: a mode names no model of the study, or does the same as another.
    """
    modes: dict[str, Mode] = {}
    for name, entry in entries.items():
        own = entry.models or {}
        for unknown in (model for model in own if model not in models):
            where = document.where(("modes", name, "models", unknown))
            raise StudyFileError(f"unknown model {unknown!r}", where=where, mend=nearest(unknown, models))
        mode = _mode(name, entry, {model: _mode(name, switches, {}) for model, switches in own.items()})
        for other in modes.values():
            if all(_effect(mode, model) == _effect(other, model) for model in models.values()):
                where = document.where(("modes", name))
                raise StudyFileError(f"says the same as {other.id!r}", where=where, mend="keep one of the two")
        modes[name] = mode
    return modes


def mode_lines(modes: Mapping[str, Mode]) -> list[tuple[Place, str]]:
    """Every system line of a mode, with its place in the study file."""
    lines: list[tuple[Place, str]] = []
    for name, mode in modes.items():
        lines.append((("modes", name, "system"), mode.system))
        lines += [(("modes", name, "models", model, "system"), own.system) for model, own in mode.by_model.items()]
    return lines


def _mode(name: str, switches: Switches, by_model: Mapping[str, Mode]) -> Mode:
    return Mode(name, switches.system.strip(), switches.max_tokens, switches.body(), by_model)


def _effect(mode: Mode, model: Model) -> tuple[str, Model]:
    return mode.line(model), mode.apply(model)
