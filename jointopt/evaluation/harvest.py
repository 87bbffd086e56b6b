"""Scores every policy that the pool covers, free of charge."""

from collections.abc import Iterable, Mapping, Sequence

from jointopt.domain import BLOCK, Example, Policy, Price, Scorecard, Source
from jointopt.evaluation.estimate import estimate
from jointopt.evaluation.readings import Reading, Readings


def harvest(
    policies: Iterable[Policy], examples: Sequence[Example], readings: Readings, prices: Mapping[str, Price]
) -> list[Scorecard]:
    """The scorecards of all policies that whole blocks of examples are covered for.

    Args:
        policies: to score.
        examples: in the task's order; a policy is scored on the longest run of covered blocks from the first on, so
            that any two scorecards share the examples of the shorter one.
        readings: what the pool says.
        prices: by model id.
    """
    covered: dict[Source, list[Reading]] = {}
    cards = []
    for policy in policies:
        if policy.source not in covered:
            covered[policy.source] = _read_run(policy.source, examples, readings)
        run = covered[policy.source]
        end = next((i for i, reading in enumerate(run) if len(reading) < policy.n), len(run))
        end -= 0 if end == len(examples) else end % BLOCK
        if end:
            cards.append(estimate(policy, examples[:end], run[:end], prices[policy.source.model]))
    return cards


def _read_run(source: Source, examples: Sequence[Example], readings: Readings) -> list[Reading]:
    run: list[Reading] = []
    for example in examples:
        reading = readings.of(source, example)
        if reading is None:
            break
        run.append(reading)
    return run
