"""Which comparison of a study is still open, and how much of its doubt comes from samples? From the pool alone."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import Absent, Compared, Contender, Power, find_power
from jointopt.analysis.power import SCORE, UTILITY
from jointopt.domain import Example, Policy, Preference, Source
from jointopt.evaluation.expect import replay
from jointopt.strategies import Windows
from jointopt.study.parts import Parts
from jointopt.study.preferences import judged_alike

RIVALS = 5  # of the winner on dev
REDRAWN = 24  # times that samples are drawn again

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def weigh_open(parts: Parts, contenders: Sequence[Contender], sealed: Sequence[Example]) -> Power | Absent:
    """What would settle joint against the others, sealed; where nothing is open there, the winner and its rivals."""
    joint = contenders[0].policy if contenders else None
    open_ = [entry for entry in contenders[1:] if entry.difference is None or not entry.difference.settled]
    rivals = [(entry.procedure.value, entry.policy) for entry in open_ if entry.policy != joint]
    compared = [
        one
        for name, policy in rivals
        if joint
        and (one := compare_pair(parts, joint, policy, sealed, f"joint against {name}, on the sealed examples"))
    ]
    found = find_power(compared)
    if isinstance(found, Power):
        return found
    cards = sorted(judged_alike(parts), key=lambda card: -card.utility(parts.plan.preference))
    leader = parts.evaluate.leader()
    others = [card.policy for card in cards if leader and card.policy != leader.policy][:RIVALS]
    dev = parts.plan.task.dev[: len(leader.examples)] if leader else ()
    on_dev = [
        one
        for policy in others
        if leader
        and (one := compare_pair(parts, leader.policy, policy, dev, f"{leader.policy} against {policy}, on dev"))
    ]
    return find_power(on_dev) if on_dev else found


def compare_pair(
    parts: Parts, one: Policy, other: Policy, examples: Sequence[Example], question: str
) -> Compared | None:
    """Two policies on the same examples by utility, on all samples and on halves of them, or on samples redrawn."""
    first, second = (parts.estimate.card(policy, examples) for policy in (one, other))
    if first is None or second is None:
        return None
    preference, samples = parts.plan.preference, int(min(first.samples.min(), second.samples.min()))
    halves = redeal(parts, (one, other), examples, lambda k: [np.arange(side, k, 2) for side in (0, 1)])
    redrawn = None
    if halves is None:
        rng = np.random.default_rng(parts.plan.seed)
        redrawn = redeal(parts, (one, other), examples, lambda k: list(rng.integers(k, size=(REDRAWN, k))))
    worth = first.utilities(preference), second.utilities(preference)
    unit = SCORE if preference == Preference() else UTILITY
    return Compared(question, *worth, samples, halves, redrawn, preference.reach, unit)


def redeal(
    parts: Parts, pair: tuple[Policy, Policy], examples: Sequence[Example], deal: Callable[[int], list[Places]]
) -> Floats | None:
    """The gap of two policies' utilities on each of several choices of their samples, shape (choices, Q).

    Args:
        parts: of the study.
        pair: the policies.
        examples: Q of them.
        deal: the places of the samples in each choice, from K samples; policies of one source are dealt the same ones.
    """
    found: list[Floats] = []
    dealt: dict[tuple[Source, str, int], list[Places]] = {}
    for policy in pair:
        strategy = parts.estimate.playbook.build(policy.strategy, policy.options)
        readings = [reading for example in examples if (reading := parts.estimate.reading(policy, example))]
        if not isinstance(strategy, Windows) or len(readings) < len(examples):
            return None
        keys = [(policy.source, example.id, len(reading)) for example, reading in zip(examples, readings, strict=True)]
        chosen = [dealt.setdefault(key, deal(key[2])) for key in keys]
        if any(len(places) < policy.n for choices in chosen for places in choices):
            return None
        turns = list(zip(*chosen, strict=True))
        some = [(reading, places) for turn in turns for reading, places in zip(readings, turn, strict=True)]
        outcomes, count = replay(strategy, some, policy.n), len(examples)
        again = [outcomes[turn * count : (turn + 1) * count] for turn in range(len(turns))]
        cards = [parts.estimate.assemble(policy, examples, readings, each) for each in again]
        found.append(np.array([card.utilities(parts.plan.preference) for card in cards]))
    return np.asarray(found[0] - found[1])
