"""Policies that are tried before the sampler suggests any, as trials like all others.

They are told to Optuna once they are judged. Its queue (`enqueue_trial`) is not used: a trial waits there for whoever
asks next, and two workers on one SQLite file may take the same one.
"""

from collections.abc import Sequence

import optuna
from optuna.trial import FixedTrial, FrozenTrial, TrialState

from jointopt.domain import Budget, Policy, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Evaluate
from jointopt.search.record import count_trials
from jointopt.search.suggest import parameters, suggest
from jointopt.search.trial import told, write_down


async def try_first(
    study: optuna.Study, space: Space, evaluate: Evaluate, first: Sequence[Policy], *, phase: str, cap: Budget | None
) -> str:
    """Judge policies in their order; one that a finished trial already had is not told again.

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
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if first else []
    tried = [trial.params for trial in done]
    for policy in first:
        trial = FixedTrial(parameters(policy, space))
        suggest(trial, space)
        known, why = trial.params in tried, ""
        try:
            if not _is_judged(evaluate, policy, known=known):
                await evaluate.judge(policy, phase=phase, cap=cap)
        except BudgetExhausted as end:
            why = str(end)
        if not known and policy in evaluate.cards:  # a block of examples was covered
            write_down(study, _finished(trial, evaluate, policy), count_trials(study), evaluate.draw.ledger.hold)
        if why:
            return why
    return ""


def _is_judged(evaluate: Evaluate, policy: Policy, *, known: bool) -> bool:
    """Whether this run knows what a trial of the policy would find."""
    card = evaluate.cards.get(policy)
    return card is not None and (known or len(card.examples) >= len(evaluate.task.dev))


def _finished(trial: FixedTrial, evaluate: Evaluate, policy: Policy) -> FrozenTrial:
    card = evaluate.cards[policy]
    return optuna.create_trial(
        value=card.utility(evaluate.preference),
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=told(card),
    )
