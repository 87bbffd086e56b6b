"""Scores every policy that the pool covers, free of charge."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from jointopt.domain import BLOCK, Example, Policy, Scorecard
from jointopt.evaluation.estimate import Estimate


def harvest(policies: Iterable[Policy], examples: Sequence[Example], estimate: Estimate) -> list[Scorecard]:
    """The scorecards of all policies that whole blocks of examples are covered for.

    Args:
        policies: to score.
        examples: in the task's order; a policy is scored on the longest run of covered blocks from the first on, so
            that any two scorecards share the examples of the shorter one.
        estimate: scores what the pool holds.
    """
    cards = []
    alike = groupby(sorted(policies, key=_all_but_n), key=_all_but_n)
    for siblings in (list(group) for _, group in alike):
        estimate.warm(siblings, examples)
        for policy in siblings:
            readings = estimate.covered(policy, examples)
            end = len(readings)
            end -= 0 if end == len(examples) else end % BLOCK
            card = estimate.score(policy, examples[:end], readings[:end]) if end else None
            cards += [card] if card else []
    return cards


def _all_but_n(policy: Policy) -> tuple[object, ...]:
    return policy.source, policy.strategy, policy.options
