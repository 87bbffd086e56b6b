"""One trial: ask Optuna, judge the policy, tell Optuna."""

import json

import optuna
from optuna.trial import TrialState

from jointopt.domain import Budget, Policy, Scorecard, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Evaluate
from jointopt.search.suggest import suggest


async def run_trial(study: optuna.Study, space: Space, evaluate: Evaluate, *, phase: str, cap: Budget | None) -> Policy:
    """Judge one suggestion, and tell Optuna its utility on the examples it has met.

    Raises:
        BudgetExhausted: after telling what the trial found, if it covered at least one block.
    """
    trial = study.ask()
    policy = suggest(trial, space)
    try:
        card = await evaluate.judge(policy, phase=phase, cap=cap)
    except BudgetExhausted:
        _tell(study, trial, evaluate, evaluate.cards.get(policy))
        raise
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)  # Ctrl-C and errors alike: no trial is left running
        raise
    _tell(study, trial, evaluate, card)
    return policy


def _tell(study: optuna.Study, trial: optuna.Trial, evaluate: Evaluate, card: Scorecard | None) -> None:
    if card is None:
        study.tell(trial, state=TrialState.PRUNED)
        return
    for name, value in told(card).items():  # one attribute: each is a transaction
        trial.set_user_attr(name, value)
    study.tell(trial, card.utility(evaluate.preference))


def told(card: Scorecard) -> dict[str, str]:
    """What a trial says of its policy beside the value: shown by Optuna Dashboard."""
    seen = {
        "policy": str(card.policy),
        "score": round(card.score, 6),
        "interval": [round(end, 6) for end in card.interval],
        "examples": len(card.examples),
        "cost_usd": float(card.cost_usd.mean()),
        "tokens": float(card.tokens.mean()),
    }
    return {"scorecard": json.dumps(seen)}
