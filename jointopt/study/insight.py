"""What the pool says beyond the winner: the numbers that `analysis` makes insight of, gathered without a call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import (
    Absent,
    Apart,
    Ceiling,
    Contender,
    Difficulty,
    Estimate,
    Extent,
    Flips,
    Insight,
    Judging,
    Lines,
    Marked,
    Outlay,
    Rated,
    Saturation,
    Table,
    Tiers,
    find_budgets,
    find_ceiling,
    find_difficulty,
    find_flips,
    find_judging,
    find_tiers,
)
from jointopt.domain import Example, Policy, Scorecard, Source, Tactic
from jointopt.evaluation import Reading, extrapolate_majority
from jointopt.strategies import Windows
from jointopt.study.beyond import tally
from jointopt.study.parts import Parts
from jointopt.study.preferences import judged_alike
from jointopt.study.undecided import weigh_open

UNENDED = "the study has not been run to its end"
UNFILLED = "no block of examples was sampled under every prompt and model: the budget ended before"
JUDGED = 6  # pairs of selector and source
LIMIT = 64  # times as many votes as were drawn: more change nothing that is shown


@dataclass(frozen=True)
class Seen:
    """A study as far as its balanced table is filled.

    Attributes:
        parts: of the study.
        extent: of the table.
        sources: of the table, defaults first.
        winner: the policy to ship.
        table: scores of prompt x strategy x n x model.
    """

    parts: Parts
    extent: Extent
    sources: Sequence[Source]
    winner: Policy
    table: Table

    @property
    def examples(self) -> Sequence[Example]:
        """Those of the table."""
        return self.parts.plan.task.dev[: self.extent.examples]

    def readings(self, source: Source) -> list[Reading]:
        """As many samples of every example as the table has; empty where the source lacks some."""
        found = [self.parts.readings.of(source, example) for example in self.examples]
        deep = [reading for reading in found if reading is not None and len(reading) >= self.extent.samples]
        return deep if len(deep) == len(found) else []

    def cards(self) -> list[Scorecard]:
        """Of every policy that was judged on all of the table's examples, on these."""
        count, known = self.extent.examples, self.parts.evaluate.cards.values()
        return [card.first(count) for card in known if len(card.examples) >= count]

    def card(self, policy: Policy, samples: int | None = None) -> Scorecard | None:
        """The policy's card on the table's examples, by so many samples of each; None where it is not covered."""
        canonical = self.parts.plan.space.canonical(policy)
        known = self.parts.evaluate.cards.get(canonical)
        if samples is None and known is not None and len(known.examples) >= self.extent.examples:
            return known.first(self.extent.examples)
        return self.parts.estimate.card(canonical, self.examples, samples=samples)


def look_deeper(
    parts: Parts, seen: Seen | None, compared: Sequence[Contender], sealed: Sequence[Example], *, ended: bool = True
) -> Insight:
    """All that can be told beyond the winner, each part a finding or the reason why there is none.

    Args:
        parts: of the study.
        seen: its balanced table; None where there is none.
        compared: the procedures that were compared.
        sealed: the examples on which they were.
        ended: whether the search has, so that a table that is not there will not come.
    """
    spending = tuple(Outlay(*stretch) for stretch in parts.ledger.course()) or Absent("nothing was spent")
    budgets, power = find_budgets(judged_alike(parts)), weigh_open(parts, compared, sealed)
    if seen is None:
        none = Absent(UNFILLED if ended else UNENDED)
        return Insight(none, budgets, none, none, none, none, power, spending)
    return Insight(
        flips=rank(seen.table),
        budgets=budgets,
        ceiling=find_missing(seen),
        tiers=compare_models(seen),
        difficulty=sort_questions(seen),
        judging=judge_judges(seen),
        power=power,
        spending=spending,
    )


def rank(table: Table) -> Flips | Absent:
    """Prompts over n under every strategy, and over the strategies at the largest n, on each model."""
    prompts, ways, ns, models = table.levels
    found = []
    for place, model in enumerate(models):
        values = np.moveaxis(table.values[..., place], 0, -1)  # prompt x strategy x n x example
        for way, label in enumerate(ways):
            if label != "single":
                fixed = (("model", model), ("strategy", label))
                found.append(Lines("prompt", "n", prompts, ns, values[:, way].swapaxes(0, 1), fixed))
        fixed = (("model", model), ("n", ns[-1]))
        found.append(Lines("prompt", "strategy", prompts, ways, values[:, :, -1].swapaxes(0, 1), fixed))
    return find_flips(found)


def find_missing(seen: Seen) -> Ceiling | Absent:
    """What stands between the winner and 1 on the table's examples, by every sample of every source."""
    card = seen.card(seen.winner)
    if card is None:
        return Absent("the winner was not judged on the examples of the table")
    marked = []
    for source in seen.parts.plan.space.sources():
        found = [seen.parts.readings.of(source, example) for example in seen.examples]
        readings = [reading for reading in found if reading is not None]
        if len(readings) == len(found):
            marked.append(Marked(source, _pad([reading.gold for reading in readings])))
    return find_ceiling(seen.winner, card.scores, marked, card.examples, seed=seen.parts.plan.seed)


def _pad(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Columns of unlike lengths as one array, NaN where there is nothing."""
    padded = np.full((len(columns), max(map(len, columns))), np.nan)
    for row, column in zip(padded, columns, strict=True):
        row[: len(column)] = column
    return padded


def compare_models(seen: Seen) -> Tiers | Absent:
    """Models against prompts with the winner's tactic, and where the cheapest one's votes end."""
    tactic = seen.winner.tactic
    cards = [seen.card(Policy(source, tactic.strategy, tactic.n, tactic.options)) for source in seen.sources]
    grid = [card for card in cards if card is not None]
    families = {prompt.id: prompt.family or prompt.id for prompt in seen.parts.plan.space.prompts.values()}
    found = find_tiers(grid if len(grid) == len(cards) else [], seen.cards(), families=families)
    if isinstance(found, Absent):
        return found
    cheapest = [card for card in grid if card.policy.source.model == found.models[0]]
    best = max(cheapest, key=lambda card: card.score)
    return replace(found, saturation=saturate(seen, best.policy.source))


def saturate(seen: Seen, source: Source) -> Saturation | Absent:
    """Where majority votes of a source are expected to end."""
    readings = [reading.first(seen.extent.samples) for reading in seen.readings(source)]
    if "majority" not in seen.parts.plan.space.strategies or not readings:
        return Absent("no majority vote was searched")
    ns = [n for n in seen.parts.plan.space.ns if n <= seen.extent.samples]
    cards = [seen.card(Policy(source, "majority", n)) for n in ns]
    counts, marks = tally(readings)
    further = [times * seen.extent.samples for times in (2, 4, 16, LIMIT)]
    votes = [extrapolate_majority(counts, marks, n, seed=seen.parts.plan.seed) for n in further]
    beyond = tuple(Estimate(one.score, *one.interval) for one in votes)
    scores = tuple(card.score for card in cards if card is not None)
    measured = tuple(n for n, card in zip(ns, cards, strict=True) if card is not None)
    return Saturation(
        source.prompt, source.model, measured, scores, tuple(further), beyond, beyond[-1], votes[-1].label
    )


def sort_questions(seen: Seen) -> Difficulty | Absent:
    """Policies on some samples of each question, sorted by how easy the other samples say it is."""
    space, held = seen.parts.plan.space, seen.extent.samples
    scored = max((n for n in space.ns if n < held), default=0)
    if not scored:
        return Absent("every example has one sample, and the same luck must not say how hard it is and score it")
    ease = np.mean(
        [[reading.gold[scored:held].mean() for reading in seen.readings(source)] for source in seen.sources], axis=0
    )
    tactics = [tactic for tactic in space.tactics() if tactic.n <= scored]
    policies = [Policy(source, way.strategy, way.n, way.options) for source in seen.sources for way in tactics]
    cards = [card for policy in policies if (card := seen.card(policy, scored))]
    scores = np.array([card.scores for card in cards])
    return find_difficulty(Apart([card.policy for card in cards], scores, ease, held - scored, scored))


def judge_judges(seen: Seen) -> tuple[Judging, ...] | Absent:
    """How good selectors are on the winner's source, then on the others of the table."""
    ways = [way for way in seen.parts.plan.space.ways() if way.strategy == "best_of"]
    if not ways:
        return Absent("no strategy selects among samples: best_of is not in the space")
    sources = sorted(seen.sources, key=lambda source: source != seen.winner.source)
    found: list[Judging] = []
    reason = Absent("no selector rated every sample of the table")
    for source, way in ((source, way) for source in sources for way in ways):
        rated = _rate(seen, source, way)
        judged = find_judging(rated, seen.parts.plan.space.ns) if rated else reason
        if isinstance(judged, Judging):
            found.append(judged)
        else:
            reason = judged
    return tuple(found[:JUDGED]) or reason


def _rate(seen: Seen, source: Source, way: Tactic) -> Rated | None:
    """A source's samples as a selector rates them; None where it has not rated all."""
    strategy = seen.parts.estimate.playbook.build(way.strategy, way.options)
    follow, most = seen.parts.estimate.follow, seen.extent.samples
    if not isinstance(strategy, Windows):
        return None
    found = [follow.rated(strategy, source, example) for example in seen.examples]
    readings = [one.first(most) for one in found if one is not None and len(one) >= most]
    if len(readings) < len(found):
        return None
    ratings = np.array([[vote.rating for vote in reading.votes] for reading in readings])
    return Rated(source, way.label, ratings, np.array([reading.gold for reading in readings]))
