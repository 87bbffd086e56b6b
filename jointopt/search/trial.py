"""One trial: ask Optuna, judge the policy, tell Optuna.

Trials are numbered, and a number stands for the same trial whoever runs it and however often: one that a dead worker
left running is taken up again, one that is there already is not written twice, and one that is finished is gone
through again from the pool.
"""

import json
from collections.abc import Callable

import optuna
from optuna.trial import FixedTrial, FrozenTrial, TrialState

from jointopt.domain import Budget, Policy, Scorecard, Space
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Evaluate
from jointopt.search.reach import steady
from jointopt.search.record import count_trials
from jointopt.search.suggest import suggest


async def run_trial(
    study: optuna.Study, space: Space, evaluate: Evaluate, number: int, *, phase: str, cap: Budget | None
) -> Policy:
    """Judge the suggestion of a trial, and tell Optuna its utility on the examples it has met.

    A run that stops leaves the trial running: whoever goes on takes it up.

    Raises:
        BudgetExhausted: after telling what the trial found, if it covered at least one block.
    """
    trial = steady(lambda: open_trial(study, number))
    policy = steady(lambda: suggest(trial, space))
    try:
        card = await evaluate.judge(policy, phase=phase, cap=cap)
    except BudgetExhausted:
        _tell(study, trial, evaluate, evaluate.cards.get(policy))
        raise
    _tell(study, trial, evaluate, card)
    return policy


async def judge_again(past: FrozenTrial, space: Space, evaluate: Evaluate, *, phase: str, cap: Budget | None) -> None:
    """Go through a finished trial again, from the pool: what was known after it is known again.

    One that failed, or whose choices the space no longer has, is passed over.
    """
    if past.state == TrialState.FAIL:
        return
    try:
        policy = suggest(FixedTrial(past.params), space)
    except ValueError:
        return
    if policy in evaluate.policies:
        await evaluate.judge(policy, phase=phase, cap=cap)


def open_trial(study: optuna.Study, number: int) -> optuna.Trial:
    """The trial of that number: begun, or taken up as whoever died has left it."""
    if count_trials(study) <= number:
        return study.ask()
    past = study.get_trials(deepcopy=False)[number]
    return optuna.trial.Trial(study, past._trial_id)  # noqa: SLF001  # Optuna has no other way to take a trial up


def write_down(study: optuna.Study, trial: FrozenTrial, number: int, hold: Callable[[], None]) -> None:
    """Add a finished trial under its number, unless it is there.

    Args:
        study: Optuna's.
        trial: what is written.
        number: of the trial in the study.
        hold: raises where another worker conducts the study by now.
    """

    def once() -> None:
        hold()
        if count_trials(study) <= number:
            study.add_trial(trial)

    steady(once)


def _tell(study: optuna.Study, trial: optuna.Trial, evaluate: Evaluate, card: Scorecard | None) -> None:
    """Tell a trial's end, once: a trial of that number may be told already by one who has taken it up."""

    def once() -> None:
        evaluate.draw.ledger.hold()
        if study.get_trials(deepcopy=False)[trial.number].state != TrialState.RUNNING:
            return
        for name, value in told(card).items() if card else ():  # one attribute: each is a transaction
            trial.set_user_attr(name, value)
        if card is None:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, card.utility(evaluate.preference))

    steady(once)


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
