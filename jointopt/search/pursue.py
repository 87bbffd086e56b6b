"""Carries out what a sampler plans: one trial for each thing that it buys, as ordinary as any other."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from math import ceil
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from jointopt.domain import BLOCK, Policy
from jointopt.errors import BudgetExhausted, StudyFileError
from jointopt.search.pooled import RESERVE, PooledView
from jointopt.search.record import count_trials
from jointopt.search.samplers import Planned
from jointopt.search.terms import Terms
from jointopt.search.trial import told, write_down
from jointopt.search.view import Buy

DRAWS = 16  # completions of a pool, for the value of a trial


async def pursue(study: optuna.Study, view: PooledView, sampler: Planned, terms: Terms) -> tuple[str, list[Policy]]:
    """Run a plan to its end, then judge the policies that it chose as far as what was kept back allows.

    What a round buys is bought together. Its trials are written down when they are done, each in one transaction, so
    that a run that dies leaves none behind that is still running. A run that goes on begins with the round that an
    earlier one was in, as it was written down; trials that are recorded already are not recorded twice.

    Args:
        study: Optuna's.
        view: of the study's pool.
        sampler: whose plan it is.
        terms: of the search.

    Returns:
        Why the search ended, in words, and the policy to use under every preference.

    Raises:
        StudyFileError: the budget is too small to tell policies apart.
    """
    _afford(view, sampler, terms.share)
    trials, number, mark = terms.trials, terms.first, None
    if (place := terms.bookmark.read()) is not None:
        number, mark = place["trials"], place["mark"]
        view.resume(place["account"])
    recorded, why = count_trials(study), ""
    for turn in sampler.plan(view, mark):
        if sampler.mark:
            terms.bookmark.write(partial(_place, number, sampler, view))
        begun, buys = datetime.now(), turn if trials is None else turn[: max(trials - number, 0)]
        done, why = await view.buy(buys)
        await view.look()
        sampler.learn(view, buys[:done])
        for buy in buys[:done]:
            if number >= recorded:
                write_down(study, _finished(view, buy, begun), number, view.evaluate.draw.ledger.hold)
            number += 1
        if not why and len(buys) < len(turn):
            why = f"all {trials} trials are done"
        if why:
            break
    await view.look()
    chosen = [view.policy(*choice) for choice in sampler.best(view)]
    return why or sampler.why, await _confirm(view, chosen)


def _place(number: int, sampler: Planned, view: PooledView) -> dict[str, Any]:
    """How far a plan is, before the trial of that number."""
    return {"trials": number, "mark": sampler.mark, "account": view.account()}


def _afford(view: PooledView, sampler: Planned, share: float) -> None:
    """See that the sources can be told apart, and a block of the deepest policy be judged with what is kept back."""
    least, room, calls = sampler.least(view), view.room(), view.cap.calls
    block = min(BLOCK, view.examples) * int(view.depths.max())
    need = ceil(max(least / (1 - RESERVE), block) * view.dearness)
    if room >= least and (calls is None or calls >= need or view.evaluate.knows_something()):
        return
    more = (
        f"{ceil(need / share):,} calls at least" if calls is not None else f"{least / max(room, 1):.1f} times as much"
    )
    raise StudyFileError(
        f"the search has room for {room} completions; to tell {len(view.every)} sources apart and to judge a block of "
        f"{min(BLOCK, view.examples)} examples takes {need}",
        where="budget",
        mend=f"allow {more}, or take prompts, models or temperatures out",
    )


def _finished(view: PooledView, buy: Buy, begun: datetime) -> FrozenTrial:
    """A trial that is done, with what its policy may expect by now."""
    card = view.worth(buy, DRAWS)
    trial = optuna.create_trial(
        state=TrialState.COMPLETE if card else TrialState.PRUNED,
        value=card.utility(view.books[0][0]) if card else None,
        params=dict(view.params(buy.source, buy.tactic)),
        distributions=dict(view.distributions),
        user_attrs=told(card) if card else {},
    )
    trial.datetime_start = begun
    return trial


async def _confirm(view: PooledView, chosen: Sequence[Policy]) -> list[Policy]:
    """Judge every chosen policy on as many blocks as the budget pays for, all on one before any on the next; then what
    could not be foreseen under the same sources. What is the best of these under each preference is chosen.
    """
    evaluate, phase, cap = view.evaluate, view.phase, view.cap
    try:
        for block in evaluate.task.blocks():
            for policy in dict.fromkeys(chosen):
                await evaluate.cover([policy.source], block, policy.n, [policy.tactic], phase=phase, cap=cap)
        for rival in view.rivals(chosen):
            await evaluate.judge(rival, phase=phase, cap=cap)
    except BudgetExhausted:
        pass  # what could be judged is on the cards
    return [_better(view, c, policy) for c, policy in enumerate(chosen)]


def _better(view: PooledView, c: int, policy: Policy) -> Policy:
    """The policy, or the rival under its source that is better on the examples that both have met."""
    (preference, estimate), cards = view.books[c], view.evaluate.cards
    best = policy
    for rival in view.rivals([policy]) if policy in cards else ():
        shared = min(len(cards[best].examples), len(cards[rival].examples)) if rival in cards else 0
        some = view.dev[:shared]
        pair = [estimate.card(one, some) for one in (rival, best)] if shared else []
        gaps = [card.utility(preference) for card in pair if card]
        best = rival if len(gaps) == 2 and gaps[0] > gaps[1] else best  # noqa: PLR2004 - a pair
    return best
