"""Policies that are tried before the sampler suggests any, as trials like all others.

They are told to Optuna once they are judged. Its queue (`enqueue_trial`) is not used: a trial waits there for whoever
asks next, and two workers on one SQLite file may take the same one.
"""

from collections.abc import Sequence

import optuna
from optuna.trial import TrialState

from jointopt.domain import Budget, Policy, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Evaluate
from jointopt.search.suggest import parameters, suggest
from jointopt.search.trial import told


async def try_first(
    study: optuna.Study, space: Space, evaluate: Evaluate, first: Sequence[Policy], *, phase: str, cap: Budget | None
) -> str:
    """Judge policies in their order; one that a finished trial already had is left out.

    What the pool already tells of all examples is told to Optuna without a call.

    Args:
        study: Optuna's.
        space: what may be chosen.
        evaluate: judges.
        first: policies of the space.
        phase: the account that pays.
        cap: the most that it may pay.

    Returns:
        Why the budget ended it, in words; empty where all were tried.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    tried = [trial.params for trial in done]
    for policy in first:
        trial = optuna.trial.FixedTrial(parameters(policy, space))
        suggest(trial, space)
        if trial.params in tried:
            continue
        why = ""
        try:
            if policy not in evaluate.cards or len(evaluate.cards[policy].examples) < len(evaluate.task.dev):
                await evaluate.judge(policy, phase=phase, cap=cap)
        except BudgetExhausted as end:
            why = str(end)
        _tell(study, trial, evaluate, policy)
        if why:
            return why
    return ""


def _tell(study: optuna.Study, trial: optuna.trial.FixedTrial, evaluate: Evaluate, policy: Policy) -> None:
    """Write the trial down as finished, if a block of examples was covered."""
    card = evaluate.cards.get(policy)
    if card is not None:
        value, attributes = card.utility(evaluate.preference), told(card)
        finished = optuna.create_trial(
            value=value, params=trial.params, distributions=trial.distributions, user_attrs=attributes
        )
        study.add_trial(finished)
