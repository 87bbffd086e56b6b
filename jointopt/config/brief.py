"""What a study's canonical text says without its files: what may be spent, and what counts."""

import json
from typing import NamedTuple

from jointopt.domain import Budget, Preference

_WEIGHTS = ("quality", "cost_usd", "tokens", "latency_s")


class Brief(NamedTuple):
    """A study in brief.

    Attributes:
        budget: what may be spent.
        preference: the weights of quality, cost and latency.
    """

    budget: Budget
    preference: Preference


def read_brief(text: str) -> Brief:
    """What a `Plan.text` says, also one that an older jointopt wrote."""
    values = json.loads(text)
    limits, weights = values.get("budget", {}), values.get("preference") or {}
    further = list(values.get("task", {}).get("objectives") or {})[1:]
    given = weights.get("objectives") or {}
    budget = Budget(*(limits.get(unit) for unit in ("calls", "tokens", "usd", "wall_clock")))
    quality, usd, tokens, latency_s = (weights.get(name, float(name == "quality")) for name in _WEIGHTS)
    return Brief(
        budget, Preference(quality, usd, tokens, latency_s, tuple((name, given.get(name, 0.0)) for name in further))
    )
