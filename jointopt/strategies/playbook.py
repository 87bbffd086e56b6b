"""Builds the strategies that policies name, with the judges and weights of a study."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from jointopt.domain import Judge, Options, Tactic
from jointopt.errors import StrategyError
from jointopt.plugins import find
from jointopt.strategies.adaptive_consistency import AdaptiveConsistency
from jointopt.strategies.base import Strategy
from jointopt.strategies.bayesian import Bayesian
from jointopt.strategies.best_of import BestOf
from jointopt.strategies.early_stop import EarlyStop
from jointopt.strategies.majority import Majority
from jointopt.strategies.refine import Refine, Verify
from jointopt.strategies.reservation import Reservation
from jointopt.strategies.selectors import Judged, Length, LogProb, Objectives, Own, PTrue, Selector, Stated
from jointopt.strategies.short_first import ShortFirst
from jointopt.strategies.single import Single
from jointopt.strategies.universal import Universal
from jointopt.strategies.weighted import Weighted

STRATEGIES: dict[str, type[Strategy]] = {
    "adaptive_consistency": AdaptiveConsistency,
    "bayesian": Bayesian,
    "best_of": BestOf,
    "early_stop": EarlyStop,
    "majority": Majority,
    "refine": Refine,
    "reservation": Reservation,
    "short_first": ShortFirst,
    "single": Single,
    "universal": Universal,
    "verify": Verify,
    "weighted": Weighted,
}
SELECTORS: dict[str, type[Selector]] = {"length": Length, "logprob": LogProb, "p_true": PTrue, "stated": Stated}
OBJECTIVES = "objectives"  # the selector that follows the study's preference


class Playbook:
    """Every strategy of a study, each built once.

    Args:
        judges: by id; a selector may be one of them.
        weights: of the task's objectives that need no reference, in the order of a vote's marks.
    """

    def __init__(self, judges: Mapping[str, Judge] | None = None, weights: tuple[float, ...] = ()) -> None:
        self.judges, self.weights = judges or {}, weights
        self._built: dict[tuple[str, Options], Strategy] = {}

    def build(self, strategy: str, options: Options = ()) -> Strategy:
        """A strategy with its options.

        Raises:
            StrategyError: it is not known, or its options make no sense.
        """
        if (strategy, options) not in self._built:
            self._built[strategy, options] = self._make(strategy, dict(options))
        return self._built[strategy, options]

    def fold(self, tactic: Tactic) -> Tactic:
        """The tactic that stands for all that cannot differ from this one."""
        return self.build(tactic.strategy, tactic.options).same_as(tactic.n) or tactic

    def _make(self, name: str, options: dict[str, Any]) -> Strategy:
        kind = find_strategy(name)
        known = option_names(kind)
        if unknown := sorted(options.keys() - set(known)):
            mend = f"it takes {', '.join(known)}" if known else "it takes none"
            raise StrategyError(f"{name} has no option {unknown[0]!r}", where=unknown[0], mend=mend)
        if "by" in options:
            options["by"] = self._selector(options["by"])
        return kind(**options)

    def _selector(self, by: object) -> Selector:
        if by in self.judges:
            return Judged(self.judges[str(by)])
        if by in SELECTORS:
            return SELECTORS[str(by)]()
        if by == OBJECTIVES:
            if not self.weights:
                mend = "name objectives that need no reference (length, pattern, ...) in task.objectives"
                raise StrategyError("there are no objectives to select by", where="by", mend=mend)
            return Objectives(self.weights)
        if isinstance(by, str) and ":" in by:
            return _own_selector(by)
        known = ", ".join([*SELECTORS, OBJECTIVES, *self.judges])
        mend = f"use one of {known}, or a function of your own, package.module:function"
        raise StrategyError(f"unknown selector {by!r}", where="by", mend=mend)


def _own_selector(path: str) -> Selector:
    function = _find(path, "by")
    if not callable(function):
        raise StrategyError(f"{path} is no function", where="by", mend="name a function of one vote")
    return Own(path, function)


def find_strategy(name: str) -> type[Strategy]:
    """A strategy by its name, or a user's own by its dotted path, ``package.module:Class``.

    Raises:
        StrategyError: there is none.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    if ":" not in name:
        raise StrategyError(f"unknown strategy {name!r}", mend=f"use one of {', '.join(STRATEGIES)}")
    kind = _find(name, "strategies")
    if not isinstance(kind, type) or not issubclass(kind, Strategy):
        raise StrategyError(f"{name} is no Strategy", mend="derive it from jointopt.strategies.Strategy")
    return kind


def option_names(kind: type[Strategy]) -> list[str]:
    """The options that a strategy takes."""
    return sorted(field.name for field in fields(kind) if field.init)  # type: ignore[arg-type]  # a dataclass by contract


def _find(path: str, where: str) -> Any:
    try:
        return find(path)
    except ImportError as error:
        mend = "write package.module:name; the module lies beside the study file, or where PYTHONPATH says"
        raise StrategyError(str(error), where=where, mend=mend) from error
