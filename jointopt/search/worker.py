"""Runs trials until the budget, the number of trials or the space is used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from jointopt.domain import Budget, Policy, Preference, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Estimate, Evaluate
from jointopt.search.pooled import PooledView, sort_tactics
from jointopt.search.pursue import pursue
from jointopt.search.samplers import Grid, Planned
from jointopt.search.samplers.random import build_random
from jointopt.search.suggest import distributions, parameters
from jointopt.search.trial import run_trial

PATIENCE = 25  # trials in a row that bought nothing: what the sampler still wants to know, the pool already tells


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search may do.

    Attributes:
        phase: the account that pays.
        cap: the most that it may pay.
        trials: how many the study may have in all, earlier runs counted; None for no limit.
        books: every preference that the study answers for, its own first, and what estimates under it.
        seed: of completed pools.
    """

    phase: str
    cap: Budget
    trials: int | None
    books: Sequence[tuple[Preference, Estimate]]
    seed: int


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
    if isinstance(sampler, Planned) and not sort_tactics(space, evaluate)[0]:
        study.sampler = build_random(terms.seed)  # nothing can be foreseen: every policy has to be judged
    elif isinstance(sampler, Planned):
        view = PooledView(space, evaluate, terms.books, phase=terms.phase, cap=terms.cap, seed=terms.seed)
        why, chosen = await pursue(study, view, sampler, terms.trials)
        return Found(why, chosen, int(view.held.sum()))
    if isinstance(sampler, Grid):
        every = distributions(space)
        sampler.go_through(every, [_named(policy, space, every) for policy in evaluate.policies])
    return Found(await _suggest(study, space, evaluate, terms))


async def _suggest(study: optuna.Study, space: Space, evaluate: Evaluate, terms: Terms) -> str:
    """Judge what the sampler suggests."""
    done, idle = len(study.get_trials(deepcopy=False)), 0
    while terms.trials is None or done < terms.trials:
        bought = evaluate.draw.tally.bought
        try:
            await run_trial(study, space, evaluate, phase=terms.phase, cap=terms.cap)
        except BudgetExhausted as end:
            return str(end)
        done += 1
        idle = idle + 1 if evaluate.draw.tally.bought == bought else 0
        if idle >= PATIENCE:
            return f"the last {PATIENCE} suggestions taught nothing new"
    return f"all {terms.trials} trials are done"


def _named(policy: Policy, space: Space, every: dict[str, Any]) -> dict[str, Any]:
    params = parameters(policy, space)
    return {name: params[name] for name in every}
