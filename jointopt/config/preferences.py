"""What counts, and how much: one preference, and a grid of further ones. It does not know how anything is scored."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Annotated

from pydantic import Field

from jointopt.config.document import Document, Place
from jointopt.config.terms import EachOnce, Name, OrNone, Section, listed, nearest
from jointopt.domain import Preference
from jointopt.errors import StudyFileError

MOST = 64  # preferences of a grid: each is a line of the report
_AXES = ("quality", "cost_usd", "tokens", "latency_s")

Weight = Annotated[float, Field(ge=0)]
Weights = Annotated[tuple[Weight, ...], listed(Weight), EachOnce, Field(min_length=1)]


class PreferenceEntry(Section):
    """What counts, and how much.

    utility = quality x score + objectives - cost_usd x USD - tokens x 1,000 tokens - latency_s x seconds
    """

    quality: Weight = 1.0
    """Weight of the score, which is the task's first objective."""
    cost_usd: Weight = 0.0
    """Score points that one US dollar per question is worth."""
    tokens: Weight = 0.0
    """Score points that 1,000 tokens per question are worth."""
    latency_s: Weight = 0.0
    """Score points that one second per question is worth."""
    objectives: Annotated[dict[Name, Weight] | None, OrNone] = None
    """Weights of the task's further objectives, by name; those left out weigh nothing."""


class PreferencesEntry(Section):
    """A grid of preferences: every combination of these weights is one.

    A weight that is left out is that of `preference`.
    """

    quality: Weights | None = None
    """Weights of the score."""
    cost_usd: Weights | None = None
    """Score points that one US dollar per question is worth."""
    tokens: Weights | None = None
    """Score points that 1,000 tokens per question are worth."""
    latency_s: Weights | None = None
    """Score points that one second per question is worth."""
    objectives: Annotated[dict[Name, Weights] | None, OrNone] = None
    """Weights of the task's further objectives, by name."""


def read_preference(document: Document, entry: PreferenceEntry, objectives: Sequence[str]) -> Preference:
    """The study's preference.

    Args:
        document: the study file, to say where something is.
        entry: its `preference`.
        objectives: of the task; the first is the score.

    Raises:
        StudyFileError: a weight of something that is no further objective of the task.
    """
    given = entry.objectives or {}
    _check_names(document, ("preference", "objectives"), given, objectives)
    weights = tuple((name, given.get(name, 0.0)) for name in objectives[1:])
    return Preference(entry.quality, entry.cost_usd, entry.tokens, entry.latency_s, weights)


def read_preferences(
    document: Document, entry: PreferencesEntry | None, preference: Preference, objectives: Sequence[str]
) -> tuple[Preference, ...]:
    """Every combination of a grid's weights, in its order; empty where no weight is given.

    Raises:
        StudyFileError: too many, or a weight of something that is no further objective of the task.
    """
    if entry is None:
        return ()
    given = entry.objectives or {}
    _check_names(document, ("preferences", "objectives"), given, objectives)
    axes = [getattr(entry, axis) or (getattr(preference, axis),) for axis in _AXES]
    axes += [given.get(name, (weight,)) for name, weight in preference.objectives]
    count = prod(len(axis) for axis in axes)
    if count > MOST:
        mend = f"leave {MOST} at most: take out some weights"
        raise StudyFileError(f"makes {count:,} preferences", where=document.where(("preferences",)), mend=mend)
    names = [name for name, _ in preference.objectives]
    return tuple(
        Preference(quality, cost_usd, tokens, latency_s, tuple(zip(names, further, strict=True)))
        for quality, cost_usd, tokens, latency_s, *further in product(*axes)
    )


def _check_names(document: Document, place: Place, given: Mapping[str, object], objectives: Sequence[str]) -> None:
    for name in given:
        if name not in objectives[1:]:
            message, mend = _complaint(name, objectives[0], objectives[1:])
            raise StudyFileError(message, where=document.where((*place, name)), mend=mend)


def _complaint(name: str, score: str, further: Iterable[str]) -> tuple[str, str]:
    if not further:
        return "the task has no further objectives", "name them in task.objectives"
    if name == score:
        return f"{name!r} is the score", "write its weight as `quality`"
    return f"unknown objective {name!r}", nearest(name, further)
