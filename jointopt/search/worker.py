"""Runs trials until the budget, the number of trials or the space is used up."""

import optuna

from jointopt.domain import Budget, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Evaluate
from jointopt.search.trial import run_trial

PATIENCE = 25  # trials in a row that bought nothing: what the sampler still wants to know, the pool already tells


async def search(
    study: optuna.Study, space: Space, evaluate: Evaluate, *, phase: str, cap: Budget | None, trials: int | None
) -> str:
    """Run trials one after the other; each draws its samples concurrently.

    Args:
        study: Optuna's.
        space: what may be chosen.
        evaluate: judges.
        phase: the account that pays.
        cap: the most that it may pay.
        trials: how many the study may have in all, earlier runs counted; None for no limit.

    Returns:
        Why the search ended, in words.
    """
    done, idle = len(study.get_trials(deepcopy=False)), 0
    while trials is None or done < trials:
        bought = evaluate.draw.tally.bought
        try:
            await run_trial(study, space, evaluate, phase=phase, cap=cap)
        except BudgetExhausted as end:
            return str(end)
        done += 1
        idle = idle + 1 if evaluate.draw.tally.bought == bought else 0
        if idle >= PATIENCE:
            return f"the last {PATIENCE} suggestions taught nothing new"
    return f"all {trials} trials are done"
