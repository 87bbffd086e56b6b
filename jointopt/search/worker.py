"""Runs trials until the budget, the number of trials or the space is used up.

A search that goes on after a stop begins at its first trial again, and sees of the pool what it asks for: so it comes
by the same decisions, for nothing, to where it was. A plan begins with the round that it was in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import ceil
from typing import Any

import numpy as np
import optuna

from jointopt.domain import BLOCK, Policy, Space
from jointopt.errors import BudgetExhausted, StudyFileError
from jointopt.evaluation import Evaluate
from jointopt.search.pooled import PooledView, sort_tactics
from jointopt.search.pursue import pursue
from jointopt.search.samplers import SAMPLERS, Grid, Planned
from jointopt.search.samplers.random import build_random
from jointopt.search.suggest import distributions, parameters
from jointopt.search.terms import Terms
from jointopt.search.trial import judge_again, run_trial

PATIENCE = 25  # trials in a row that bought nothing: what the sampler still wants to know, the pool already tells


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended.

    Attributes:
        why: in words.
        chosen: the policy to use under each preference, where the sampler says so itself; otherwise the scorecards do.
        looked: completions that a plan looked at, whoever paid for them.
    """

    why: str
    chosen: Sequence[Policy] = ()
    looked: int = 0


async def search(study: optuna.Study, space: Space, evaluate: Evaluate, terms: Terms) -> Found:
    """Run trials one after the other; each draws its samples concurrently.

    Raises:
        StudyFileError: the sampler can do nothing with so small a budget.
    """
    sampler = study.sampler
    if len(evaluate.policies) == 1:
        study.sampler = build_random(terms.seed)
        why = await _suggest(study, space, evaluate, replace(terms, trials=1, sampler="random"))
        return Found(why if evaluate.leader() is None else "the space has one policy, so there was nothing to choose")
    if isinstance(sampler, Planned) and not sort_tactics(space, evaluate)[0]:
        terms = replace(terms, sampler="random")  # nothing can be foreseen: every policy has to be judged
    elif isinstance(sampler, Planned):
        view = PooledView(space, evaluate, terms.books, phase=terms.phase, cap=terms.cap, seed=terms.seed)
        why, chosen = await pursue(study, view, sampler, terms)
        return Found(why, chosen, int(view.held.sum()))
    if isinstance(sampler, Grid):
        every = distributions(space)
        sampler.go_through(every, [_named(policy, space, every) for policy in evaluate.policies])
    _afford(space, evaluate, terms)
    return Found(await _suggest(study, space, evaluate, terms))


def _afford(space: Space, evaluate: Evaluate, terms: Terms) -> None:
    """See that one block of the deepest policy can be paid for, where the pool does not hold anything yet."""
    block, calls = min(BLOCK, len(evaluate.task.dev)), terms.cap.calls
    need = block * max(tactic.n for tactic in space.tactics())
    if calls is None or calls >= need or evaluate.knows_something():
        return
    raise StudyFileError(
        f"the search may ask for {calls} completions, and a block of {block} examples takes up to {need}",
        where="budget.calls",
        mend=f"allow {ceil(need / terms.share):,} calls at least",
    )


async def _suggest(study: optuna.Study, space: Space, evaluate: Evaluate, terms: Terms) -> str:
    """Judge what the sampler suggests."""
    past, idle = study.get_trials(deepcopy=False), 0
    for number in count(terms.first):
        if terms.trials is not None and number >= terms.trials:
            return f"all {terms.trials} trials are done"
        seen = evaluate.draw.tally.seen
        try:
            if number < len(past) and past[number].state.is_finished():
                await judge_again(past[number], space, evaluate, phase=terms.phase, cap=terms.cap)
            else:
                _reseed(study, terms, number)
                await run_trial(study, space, evaluate, number, phase=terms.phase, cap=terms.cap)
        except BudgetExhausted as end:
            return str(end)
        idle = idle + 1 if evaluate.draw.tally.seen == seen else 0
        if idle >= PATIENCE:
            return f"the last {PATIENCE} suggestions taught nothing new"
    raise AssertionError  # unreachable: count() has no end


def _reseed(study: optuna.Study, terms: Terms, number: int) -> None:
    """Have a trial's suggestion depend on its number and what was told before, not on who has asked for the others."""
    if not isinstance(study.sampler, Grid):  # which goes by the number itself
        study.sampler = SAMPLERS[terms.sampler](int(np.random.default_rng([terms.seed, number]).integers(2**31)))


def _named(policy: Policy, space: Space, every: dict[str, Any]) -> dict[str, Any]:
    params = parameters(policy, space)
    return {name: params[name] for name in every}
