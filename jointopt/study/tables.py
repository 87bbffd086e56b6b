"""Tables of scores from a study's scorecards: the balanced one that was bought, and what else the pool covers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import Extent, Table, balance
from jointopt.domain import Example, Policy, Source, Space, Tactic
from jointopt.errors import NothingToReport
from jointopt.study.parts import Parts

PARTLY = "the table prompt x strategy x n x model was not filled: the balanced part of what the search sampled"
MAIN = ("prompt", "strategy", "n", "model")


def fill_table(parts: Parts, table_sources: Sequence[Source], extent: Extent) -> Table:
    """The scores of prompt x strategy x n (x model) on every example of the balanced table."""
    space = parts.plan.space
    ns, ways = [n for n in space.ns if n <= extent.samples], space.ways()
    dev = parts.plan.task.dev[: extent.examples]
    sources = {(source.prompt, source.model): source for source in table_sources}
    cells = [
        [
            [[score_cell(parts, sources[prompt, model], way, n, dev) for model in space.models] for n in ns]
            for way in ways
        ]
        for prompt in space.prompts
    ]
    levels = (tuple(space.prompts), tuple(way.label for way in ways), tuple(map(str, ns)), tuple(space.models))
    return Table(np.moveaxis(np.array(cells), -1, 0), MAIN, levels)


def score_cell(parts: Parts, source: Source, way: Tactic, n: int, dev: Sequence[Example]) -> list[float]:
    """The score of a strategy at some n on every example.

    Raises:
        NothingToReport: the pool does not cover it.
    """
    policy = parts.plan.space.canonical(Policy(source, way.strategy, n, way.options))
    card = parts.estimate.card(policy, dev)
    if card is None:
        raise NothingToReport(f"{policy} is not covered by the table")
    return [float(score) for score in card.scores]


def gather(parts: Parts, around: Source) -> Table:
    """Prompt x strategy x n x model around a source, from all cards there are; NaN where there is none."""
    return _from_cards(parts, around, {}, max(len(parts.plan.task.dev), 1))


def widen(parts: Parts, table: Table, around: Source) -> Table:
    """The table with temperature, mode and slots too, as far as the pool fills them without a loss to the others.

    A level of these is in where every cell of the table was sampled with it, on every example of the table.
    """
    settings = _settings(parts.plan.space, around)
    while settings:
        wide = _from_cards(parts, around, settings, len(table.values), table.levels)
        try:
            part, _ = balance(wide)
        except NothingToReport:
            break
        if part.levels[: len(MAIN)] == table.levels and len(part.values) == len(table.values):
            return part if any(len(levels) > 1 for levels in part.levels[len(MAIN) :]) else table
        settings.popitem()
    return table


def _settings(space: Space, around: Source) -> dict[str, Sequence[str]]:
    """What else a source chooses, each with its levels, that of the table first."""
    own = dict(around.slots) | {"mode": around.mode, "temperature": str(around.temperature)}
    every: dict[str, Sequence[str]] = {"temperature": [str(one) for one in space.temperatures]}
    every |= {"mode": list(space.modes)} | {slot: list(options) for slot, options in space.slots.items()}
    several = {name: levels for name, levels in every.items() if len(levels) > 1}
    return {name: sorted(levels, key=lambda level: level != own[name]) for name, levels in several.items()}


def _from_cards(
    parts: Parts,
    around: Source,
    settings: Mapping[str, Sequence[str]],
    examples: int,
    levels: tuple[tuple[str, ...], ...] | None = None,
) -> Table:
    """The scores of every cell on the first examples, from the cards that are there."""
    space, ways = parts.plan.space, parts.plan.space.ways()
    ns = space.ns if levels is None else tuple(map(int, levels[2]))
    policies = [
        Policy(_set(replace(around, prompt=prompt, model=model), settings, chosen), way.strategy, n, way.options)
        for prompt, way, n, model in product(space.prompts, ways, ns, space.models)
        for chosen in product(*settings.values())
    ]
    names = (tuple(space.prompts), tuple(way.label for way in ways), tuple(map(str, ns)), tuple(space.models))
    every = (*names, *map(tuple, settings.values()))
    values = np.array([_scores(parts, space.canonical(policy), examples) for policy in policies]).T
    return Table(values.reshape(examples, *map(len, every)), (*MAIN, *settings), every)


def _set(source: Source, settings: Iterable[str], levels: Sequence[str]) -> Source:
    """The source with other settings."""
    chosen = dict(zip(settings, levels, strict=True))
    slots = tuple((slot, chosen.get(slot, option)) for slot, option in source.slots)
    temperature = float(chosen.get("temperature", source.temperature))
    return replace(source, slots=slots, temperature=temperature, mode=chosen.get("mode", source.mode))


def _scores(parts: Parts, policy: Policy, examples: int) -> NDArray[np.float64]:
    """A policy's scores, NaN beyond the examples that it was judged on."""
    known, scores = parts.evaluate.cards.get(policy), np.full(examples, np.nan)
    if known is not None:
        seen = min(examples, len(known.scores))
        scores[:seen] = known.scores[:seen]
    return scores
