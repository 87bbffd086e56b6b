"""Which policies a study tries first that begins with another one: those most like the other's best.

Of the other's scorecards only those examples count that this study's search may look at: what stays sealed here must
not decide where the search begins, whatever it was there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from math import log2
from typing import Any

from jointopt.analysis import TakenOver
from jointopt.domain import Policy, Preference, Scorecard, Space
from jointopt.errors import StudyFileError
from jointopt.storage import Scoreboard, Studies
from jointopt.study.lender import WITHOUT, Lender, see_copied
from jointopt.study.parts import Parts, forget

FIRST = 8  # policies that are tried before the sampler's own suggestions, at most
BEST = 3  # policies of the other study that they are held against
KEY = "warm_start"  # under which a study remembers what it began with


def begin_warm(parts: Parts) -> list[Policy]:
    """The policies to try first, remembered for the report.

    What this study may ask for of another database is copied first: who goes on with it needs that one no more.

    Raises:
        StudyFileError: the other study helps in nothing.
        StorageError: it is in another database, and its samples have not been copied.
    """
    lender = parts.lender
    if lender is None:  # as for a worker that goes on where another one began
        begun = parts.studies.recall(parts.row.id, KEY)
        if begun and begun["digest"] == parts.plan.digest:
            return [Policy.from_json(text) for text in begun["first"]]
        see_copied(parts.studies, parts.row)
        return []
    origin = {"study": lender.row.name, "storage": lender.database.url, "digest": parts.plan.digest}
    known = parts.studies.recall(parts.row.id, KEY)
    if known is None or {name: known[name] for name in origin} != origin:
        if not lender.own:
            forget(parts).evaluate.load(
                list(parts.plan.space.sources()), (*parts.plan.task.dev, *parts.plan.task.sealed)
            )
        first = _first(parts, lender)
        known = origin | {"examples": len(lender.examples), "first": [policy.to_json() for policy in first]}
        parts.studies.record(parts.row.id, KEY, known, parts.ledger.fence)
    return [Policy.from_json(text) for text in known["first"]]


def taken_over(parts: Parts) -> TakenOver | None:
    """What a study took over from the one it began with; None where it began with none."""
    known = parts.studies.recall(parts.row.id, KEY)
    if known is None:
        return None
    lent = parts.pool.lent(parts.readings.request_keys())
    counted = {"lent": [lent.samples, lent.tokens, lent.usd]}
    if known | counted != known:
        parts.studies.record(parts.row.id, KEY, known | counted)  # for whoever looks on without the samples
    return _told(known | counted)


def remembered(studies: Studies, study_id: int) -> TakenOver | None:
    """What `taken_over` said last; None where nobody asked."""
    known = studies.recall(study_id, KEY)
    return _told(known) if known and "lent" in known else None


def _told(known: Mapping[str, Any]) -> TakenOver:
    first = tuple(Policy.from_json(text) for text in known["first"])
    samples, tokens, usd = known["lent"]
    return TakenOver(known["study"], known["examples"], samples, tokens, usd, first)


def _first(parts: Parts, lender: Lender) -> list[Policy]:
    visible = {example.id for example in parts.plan.task.dev} & {example.id for example in lender.examples}
    cards = Scoreboard(lender.database, lender.row.id).cards().values()
    best = best_on(cards, visible, parts.plan.preference)
    found = alike(parts.plan.space, [rename(policy, parts.plan.space, lender.row.study_text) for policy in best])
    if not found and not parts.pool.lent(parts.readings.request_keys()).samples:
        raise StudyFileError(
            f"study {lender.row.name!r} has no sample of the same request, and no policy with a strategy of this study",
            where=lender.warm.where,
            mend="samples are shared where prompt, model, temperature, max_tokens and seed are the same; "
            f"name another study, run that one first, or {WITHOUT}",
        )
    return found


def best_on(cards: Iterable[Scorecard], examples: set[str], preference: Preference) -> list[Policy]:
    """Policies by their utility on some examples, best first: of those that met the most of them."""
    places = {
        card: [place for place, example in enumerate(card.examples) if example in examples]
        for card in sorted(cards, key=lambda card: card.policy)
    }
    most = max(map(len, places.values()), default=0)
    ranked = [(_utility(card, preference, seen), card.policy) for card, seen in places.items() if len(seen) == most > 0]
    return [policy for _, policy in sorted(ranked, key=lambda entry: -entry[0])]


def _utility(card: Scorecard, preference: Preference, places: Sequence[int]) -> float:
    """On the examples at some places; an objective that the other study did not have counts for nothing."""
    known = tuple((name, weight) for name, weight in preference.objectives if name in card.objectives)
    return float(card.utilities(replace(preference, objectives=known))[list(places)].mean())


def rename(policy: Policy, space: Space, study_text: str) -> Policy:
    """A policy of another study with its prompt under the name that the same words have here."""
    here = {(prompt.system, prompt.user): name for name, prompt in space.prompts.items()}
    there: Mapping[str, Mapping[str, str]] = json.loads(study_text)["prompts"]
    words = there.get(policy.source.prompt, {})
    name = here.get((words.get("system", ""), words.get("user", "")), policy.source.prompt)
    return replace(policy, source=replace(policy.source, prompt=name))


def alike(space: Space, best: Sequence[Policy]) -> list[Policy]:
    """The policies of a space most like some others, best first; only those that have a strategy in common.

    All that are equally like count, so that a good tactic meets every new prompt or model. The others take turns.
    """
    known = [policy for policy in best if policy.strategy in space.strategies][:BEST]
    policies = space.policies()
    turns = zip_longest(*(_nearest(policies, policy) for policy in known))
    return list(dict.fromkeys(policy for policy in chain.from_iterable(turns) if policy is not None))[:FIRST]


def _nearest(policies: Sequence[Policy], model: Policy) -> list[Policy]:
    near = {policy: _likeness(policy, model) for policy in policies if policy.strategy == model.strategy}
    most = max(near.values(), default=())
    return [policy for policy, likeness in near.items() if likeness == most]


def _likeness(one: Policy, other: Policy) -> tuple[float, ...]:
    """How alike two policies of one strategy are: what comes first weighs more than all that follows."""
    a, b = one.source, other.source
    return (
        a.prompt == b.prompt,
        a.model == b.model,
        a.mode == b.mode,
        -abs(log2(one.n / other.n)),
        len({*one.options} & {*other.options}),
        -abs(a.temperature - b.temperature),
        len({*a.slots} & {*b.slots}),
    )
