"""Strategies in the study file: names, options and their choices.

Every combination is built once, so that one that makes no sense is refused at its line.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from jointopt.config.document import Document, Place
from jointopt.config.models import is_recorded
from jointopt.config.terms import listed, nearest, refusal, storable
from jointopt.domain import Scalar, Space, Tactic
from jointopt.errors import StrategyError, StudyFileError
from jointopt.strategies import (
    OBJECTIVES,
    SELECTORS,
    STRATEGIES,
    Playbook,
    Stopping,
    Strategy,
    find_strategy,
    option_names,
)

DEFAULT: tuple[str, ...] = ("single", "majority", "best_of")  # where a study names none

# What a value must be, by the type of the option; a number's range is the strategy's own affair.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "write true or false"),
    "float": ((int, float), "write a number"),
    "int": ((int,), "write a whole number"),
    "str": ((str,), "write a text; put it in quotes"),
}
_ONE_EACH = "write one strategy a line, its options inside: `- best_of: {by: [logprob, length]}`"


def _strategy(name: str) -> str:
    if name not in STRATEGIES and ":" not in name:
        raise refusal(f"unknown strategy {name!r}", nearest(name, STRATEGIES))
    return name


def _choice(value: Any) -> Scalar:
    if isinstance(value, str):
        return storable(value)
    if not isinstance(value, int | float) or not isfinite(value):
        raise refusal(f"{value!r} is no choice", "write a text, a finite number, true or false, or a list of such")
    return value


def _distinct(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    known: set[tuple[bool, Scalar]] = set()  # true is not 1
    for number, value in enumerate(values):
        if (isinstance(value, bool), value) in known:
            raise refusal(f"{value!r} stands twice", "keep one of the two", key=number)
        known.add((isinstance(value, bool), value))
    return values


def _named(value: Any) -> Any:
    """The strategies' options by name, however they are listed."""
    if isinstance(value, Mapping):
        return {str(name): {} if options is None else options for name, options in value.items()}
    named: dict[str, Any] = {}
    for number, entry in enumerate(value if isinstance(value, list | tuple) else [value]):
        pairs = entry if isinstance(entry, Mapping) else {str(entry): None}
        if len(pairs) != 1:
            raise refusal(f"names {', '.join(map(str, pairs)) or 'nothing'}", _ONE_EACH, key=number)
        ((name, options),) = _named(pairs).items()
        if name in named:
            mend = "keep one: an option may have several choices, `window: [4, 8]`"
            raise refusal(f"the strategy {name!r} stands twice", mend, key=number)
        named[name] = options
    return named


def _schema() -> dict[str, Any]:
    """What an editor knows of strategies: their names, and the options of each."""
    name: dict[str, Any] = {"anyOf": [{"enum": sorted(STRATEGIES)}, {"type": "string", "pattern": ":"}]}
    value: dict[str, Any] = {"type": ["string", "number", "boolean"]}
    choices = {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}
    own = {"type": ["object", "null"], "additionalProperties": choices}
    known = {
        name: {
            "description": (kind.__doc__ or "").partition("\n")[0],
            "type": ["object", "null"],
            "properties": dict.fromkeys(option_names(kind), choices),
            "additionalProperties": False,
        }
        for name, kind in STRATEGIES.items()
    }
    several = {"type": "object", "properties": known, "patternProperties": {":": own}, "additionalProperties": False}
    listed = {"type": "array", "items": {"anyOf": [name, several | {"maxProperties": 1}]}, "minItems": 1}
    return {"anyOf": [name, listed, several | {"minProperties": 1}]}


Choices = Annotated[
    tuple[Annotated[Scalar, PlainValidator(_choice)], ...],
    listed(Scalar),
    AfterValidator(_distinct),
    Field(min_length=1),
]
Strategies = Annotated[
    dict[Annotated[str, AfterValidator(_strategy)], dict[str, Choices]],
    BeforeValidator(_named),
    Field(min_length=1),
    WithJsonSchema(_schema()),
]


def name_strategies(document: Document) -> None:
    """Let the place of a strategy begin with its name, however the file lists it: ``strategies.best_of.by[2]``."""
    listed = document.values.get("strategies")
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        line = document.lines.get(("strategies", number))
        if line and not isinstance(entry, Mapping):
            document.lines.setdefault(("strategies", str(entry)), line)
    for place, line in list(document.lines.items()):
        match place:
            case ("strategies", int(), name, *inside):
                document.lines.setdefault(("strategies", name, *inside), line)


def as_written(strategies: Mapping[str, Mapping[str, tuple[Scalar, ...]]]) -> list[str] | dict[str, dict[str, Any]]:
    """The strategies as canonical JSON has them: a list of names, as ever, where none has an option."""
    if not any(strategies.values()):
        return list(strategies)
    return {name: {option: list(choices) for option, choices in own.items()} for name, own in strategies.items()}


def fold_strategies(document: Document, space: Space, playbook: Playbook) -> dict[Tactic, Tactic]:
    """The tactic that stands for all that cannot differ from it, for each tactic of a space that is not its own.

    Raises:
        StudyFileError: a strategy that cannot be built, an option that it does not have, a window that no n reaches, or
            a question to a recorded model about its own answers.
    """
    for name, options in space.strategies.items():
        _check_options(document, name, options, playbook)
    folds: dict[Tactic, Tactic] = {}
    for way in space.ways():
        _check_window(document, space, way, _build(document, space, way, playbook))
        for n in space.ns:
            tactic = replace(way, n=n)
            with _told_at(document, space, way):
                plain = playbook.fold(tactic)
                asking = playbook.build(plain.strategy, plain.options).follows
            if plain != tactic:
                folds[tactic] = plain
            if asking:
                _check_follow_ups(document, space, way, playbook)
    return folds


def _check_options(
    document: Document, name: str, options: Mapping[str, tuple[Scalar, ...]], playbook: Playbook
) -> None:
    place = ("strategies", name)
    try:
        known = option_names(find_strategy(name))
    except StrategyError as error:
        raise StudyFileError(error.message, where=document.where(place), mend=error.mend) from None
    except TypeError:  # of a class that is no dataclass
        mend = "write @dataclass(frozen=True) above the class; its fields are the options"
        raise StudyFileError(f"{name} is no dataclass", where=document.where(place), mend=mend) from None
    for option in options:
        if option not in known:
            mend = nearest(option, known) if known else "it takes none"
            where = document.where((*place, option))
            raise StudyFileError(f"{name} has no option {option!r}", where=where, mend=mend)
    selectors = [*SELECTORS, OBJECTIVES, *playbook.judges]
    for number, by in enumerate(options.get("by", ())):
        if by not in selectors and ":" not in str(by):
            mend = f"{nearest(str(by), selectors)}; or a function of your own, package.module:function"
            where = document.where(_written(document, (*place, "by"), number))
            raise StudyFileError(f"unknown selector {by!r}", where=where, mend=mend)


def _build(document: Document, space: Space, way: Tactic, playbook: Playbook) -> Strategy:
    try:
        with _told_at(document, space, way):
            strategy = playbook.build(way.strategy, way.options)
    except StudyFileError:
        raise
    except Exception as error:  # a user's own class may raise anything
        where, mend = document.where(("strategies", way.strategy)), "mend its options, or the class"
        raise StudyFileError(f"{way.label} cannot be made: {error}", where=where, mend=mend) from error
    if type(strategy).__hash__ is None:  # strategies are keys
        where, mend = document.where(("strategies", way.strategy)), "write @dataclass(frozen=True) above the class"
        raise StudyFileError(f"{way.strategy} is not frozen", where=where, mend=mend)
    _check_kinds(document, space, way, strategy)
    return strategy


def _check_kinds(document: Document, space: Space, way: Tactic, strategy: Strategy) -> None:
    own = fields(strategy)  # type: ignore[arg-type]  # a dataclass by contract
    kinds = {field.name: getattr(field.type, "__name__", str(field.type)) for field in own}
    for option, value in way.options:
        accepted, mend = _KINDS.get(kinds[option], ((type(value),), ""))
        if type(value) not in accepted:
            where = document.where(_place(document, space, way, option))
            raise StudyFileError(f"{value!r} will not do", where=where, mend=mend)


def _check_window(document: Document, space: Space, way: Tactic, strategy: Strategy) -> None:
    if isinstance(strategy, Stopping) and strategy.window > max(space.ns):
        where = document.where(_place(document, space, way, "window"))
        message = f"window {strategy.window} is above every n (at most {max(space.ns)})"
        raise StudyFileError(message, where=where, mend="lower the window or raise n")


def _check_follow_ups(document: Document, space: Space, way: Tactic, playbook: Playbook) -> None:
    """Refuse to ask a recorded model about its own answers: all strategies meet all models, so one is enough.

    A judge is a model of its own, which can be asked.
    """
    recorded = [name for name, model in space.models.items() if is_recorded(model)]
    by = dict(way.options).get("by", "")
    if recorded and by not in playbook.judges:
        where = document.where(_place(document, space, way, "by"))
        message = f"{by or way.strategy} asks a model about its own answers, and no such answer is recorded of"
        mend = "take it out, or keep it for a study without recorded models"
        raise StudyFileError(f"{message} {recorded[0]!r}", where=where, mend=mend)


@contextmanager
def _told_at(document: Document, space: Space, way: Tactic) -> Iterator[None]:
    """What a strategy says that is wrong, with the line of the option."""
    try:
        yield
    except StrategyError as error:
        where = document.where(_place(document, space, way, error.where))
        raise StudyFileError(error.message, where=where, mend=error.mend) from error.__cause__


def _place(document: Document, space: Space, way: Tactic, option: str) -> Place:
    """Where a way's choice of an option is written; the strategy's place where the file does not name the option."""
    choices = space.strategies[way.strategy].get(option)
    if choices is None:
        return "strategies", way.strategy
    return _written(document, ("strategies", way.strategy, option), choices.index(dict(way.options)[option]))


def _written(document: Document, place: Place, number: int) -> Place:
    """The place of a choice: its number in a list, or the option itself where it has one choice without a list."""
    return (*place, number) if (*place, number) in document.lines else place
