"""Do cheap and strong models want different prompts, and do many cheap samples replace a strong one?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.crossfit import cross_difference, deal_halves
from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.frontier import cost_of, judged_most, unit_of
from jointopt.analysis.interaction import Share, variance_shares
from jointopt.analysis.saturation import Saturation
from jointopt.analysis.significance import SURE, Difference, holm, paired_difference, standing
from jointopt.analysis.table import Table
from jointopt.domain import Policy, Scorecard
from jointopt.domain.scorecard import interval
from jointopt.errors import NothingToReport

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lift:
    """What a prompt family does for the cheapest and for the strongest model, over the default one.

    Attributes:
        family: of prompts; a prompt that belongs to none is a family of its own.
        cheap: score of the family minus that of the default family, on the cheapest model, paired over examples.
        strong: the same on the strongest model.
        apart: `cheap` minus `strong`: positive where the family helps the cheap model more.
    """

    family: str
    cheap: Difference
    strong: Difference
    apart: Difference


@dataclass(frozen=True, slots=True)
class Duel:
    """Many samples of a cheap model against a single one of a dearer model, at no higher cost for an answer.

    Attributes:
        cheap: the cheap model's best policy that costs no more than `strong` does.
        strong: the dearer model's best policy of a single sample.
        cheap_cost: of an answer, in `Tiers.unit`.
        strong_cost: likewise.
        difference: cheap minus strong, paired; both are chosen on one half of the examples, meet on the other, and the
            other way round (cross-fitted): neither is flattered. The policies named are chosen on all examples.
    """

    cheap: Policy
    strong: Policy
    cheap_cost: float
    strong_cost: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class Tiers:
    """Models against prompt families.

    Attributes:
        models: ids, the cheapest sample first; M of them.
        costs: of a single sample of each under the default prompt, in `unit`, M.
        unit: ``usd``, or ``tokens`` where nothing has a price.
        families: of prompts, the default first; F of them.
        scores: of every model under every family, shape (M, F), at `tactic`.
        tactic: label and n of the tactic at which they are compared.
        interaction: the share of model x family in the variance of these scores; absent where they hardly vary.
        lifts: one for each family but the default, the most `apart` first.
        duels: for every pair of a cheaper and a dearer model that can be compared at equal cost.
        saturation: where the votes of the cheapest model are expected to end, under its best prompt; or why not.
        examples: that all of it rests on.
    """

    models: tuple[str, ...]
    costs: tuple[float, ...]
    unit: str
    families: tuple[str, ...]
    scores: tuple[tuple[Estimate, ...], ...]
    tactic: str
    interaction: Share | Absent
    lifts: tuple[Lift, ...]
    duels: tuple[Duel, ...]
    saturation: Saturation | Absent
    examples: int

    @property
    def uneven(self) -> tuple[Lift, ...]:
        """The families whose lifts differ between the models, the most apart first; none where luck may explain it.

        The meeting of model and family has to be more than noise, and a lift to stand after correction for all (Holm).
        """
        if isinstance(self.interaction, Absent) or not self.interaction.real:
            return ()
        return self._stand([lift.apart.p if lift.apart.settled else 1.0 for lift in self.lifts])

    @property
    def decided(self) -> tuple[bool, ...]:
        """Whether each duel has a winner, corrected for all of them (Holm)."""
        return tuple(standing([duel.difference for duel in self.duels]))

    @property
    def opposed(self) -> tuple[Lift, ...]:
        """Of these, the families that are better than the default on one model and worse on the other.

        Only of them is it shown that the models want different prompts. Both lifts have to stand, so the larger p
        counts (an intersection-union test, Berger 1982), corrected likewise.
        """
        known = self.uneven
        apart = [max(one.cheap.p, one.strong.p) if _opposed(one) else 1.0 for one in self.lifts]
        return tuple(lift for lift in self._stand(apart) if lift in known)

    def _stand(self, ps: Sequence[float]) -> tuple[Lift, ...]:
        return tuple(lift for lift, p in zip(self.lifts, holm(ps), strict=True) if p < SURE)


def _opposed(lift: Lift) -> bool:
    """Whether a family is surely better than the default on one model and surely worse on the other."""
    sides = (lift.cheap, lift.strong) if lift.cheap.mean > lift.strong.mean else (lift.strong, lift.cheap)
    return sides[0].low > 0 > sides[1].high


def find_tiers(
    grid: Sequence[Scorecard],
    cards: Sequence[Scorecard],
    *,
    families: Mapping[str, str] | None = None,
    saturation: Saturation | Absent | None = None,
) -> Tiers | Absent:
    """What models and prompt families do to each other, and what many cheap samples are worth.

    Args:
        grid: one card for every model and prompt, all with the same tactic on the same examples, in the study's order.
        cards: of every policy that was judged; those judged on the most examples meet in duels.
        families: of prompts by id; a prompt that is not named is a family of its own.
        saturation: of the cheapest model's votes.
    """
    models = list(dict.fromkeys(card.policy.source.model for card in grid))
    if len(models) <= 1:
        return Absent("there is but one model" if models else "not every prompt was sampled on every model")
    examples = len(grid[0].examples)
    if examples <= 1:
        return Absent(f"{examples} example cannot tell models apart")
    if any(np.isnan(card.scores).any() for card in grid):
        return Absent("some scores are missing")
    unit = unit_of([*grid, *cards])
    costs = {model: _sample_cost(model, grid, cards, unit) for model in models}
    models.sort(key=costs.__getitem__)
    table, names = _by_family(grid, models, families or {})
    return Tiers(
        models=tuple(models),
        costs=tuple(costs[model] for model in models),
        unit=unit,
        families=names,
        scores=tuple(tuple(Estimate(float(cell.mean()), *interval(cell)) for cell in row) for row in table),
        tactic=f"{grid[0].policy.tactic.label}, n = {grid[0].policy.n}",
        interaction=_interaction(table, models, names),
        lifts=_lifts(table, names),
        duels=_duels(judged_most(cards), models, unit),
        saturation=saturation or Absent("no vote was searched"),
        examples=examples,
    )


def _sample_cost(model: str, grid: Sequence[Scorecard], cards: Sequence[Scorecard], unit: str) -> float:
    """What a single sample costs under the default prompt; where none was judged, an answer's part of it."""
    prompt = grid[0].policy.source.prompt
    own = [card for card in (*cards, *grid) if (card.policy.source.model, card.policy.source.prompt) == (model, prompt)]
    fewest = min(own, key=lambda card: card.policy.n)
    return cost_of(fewest, unit) / fewest.policy.n


def _by_family(
    grid: Sequence[Scorecard], models: Sequence[str], families: Mapping[str, str]
) -> tuple[Array, tuple[str, ...]]:
    """The mean score of each family's prompts, shape (M, F, Q), and the families' names, the default's first."""
    prompts = dict.fromkeys(card.policy.source.prompt for card in grid)
    family = {prompt: families.get(prompt, prompt) for prompt in prompts}
    names = tuple(dict.fromkeys(family.values()))
    cells: dict[tuple[str, str], list[Array]] = {}
    for card in grid:
        cells.setdefault((card.policy.source.model, family[card.policy.source.prompt]), []).append(card.scores)
    return np.array([[np.mean(cells[model, name], axis=0) for name in names] for model in models]), names


def _interaction(table: Array, models: Sequence[str], names: tuple[str, ...]) -> Share | Absent:
    if len(names) == 1:
        return Absent("there is but one prompt")
    try:
        found = variance_shares(Table(np.moveaxis(table, -1, 0), ("model", "family"), (tuple(models), names)))
    except NothingToReport as reason:
        return Absent(reason.message)
    return found.of("model", "family") or Absent("there is but one prompt")


def _lifts(table: Array, names: tuple[str, ...]) -> tuple[Lift, ...]:
    """Every family against the default one, on the cheapest and on the dearest model."""
    found = []
    for place, name in enumerate(names[1:], start=1):
        cheap, strong = (table[model, place] - table[model, 0] for model in (0, -1))
        zero = np.zeros(len(cheap))
        each = (paired_difference(cheap, zero), paired_difference(strong, zero))
        found.append(Lift(name, *each, paired_difference(cheap, strong, reach=2.0)))
    return tuple(sorted(found, key=lambda lift: -abs(lift.apart.mean)))


def _duels(cards: Sequence[Scorecard], models: Sequence[str], unit: str) -> tuple[Duel, ...]:
    """Every cheaper model's samples against one of a dearer model, where any are as cheap."""
    found = []
    for cheap, strong in combinations(models, 2):
        many = [card for card in cards if card.policy.source.model == cheap]
        single = [card for card in cards if card.policy.source.model == strong and card.policy.n == 1]
        duel = _duel(many, single, unit) if many and single else None
        found += [duel] if duel else []
    return tuple(found)


def _duel(many: Sequence[Scorecard], single: Sequence[Scorecard], unit: str) -> Duel | None:
    everything = np.ones(len(single[0].scores), dtype=bool)
    chosen = _match(many, single, unit, everything)
    halves = deal_halves(len(everything))
    gaps = np.zeros(len(everything))
    for half in (0, 1):
        match = _match(many, single, unit, halves != half)
        if match is None:
            return None
        gaps[halves == half] = (match[0].scores - match[1].scores)[halves == half]
    if chosen is None:
        return None
    cheap, strong = chosen
    return Duel(cheap.policy, strong.policy, cost_of(cheap, unit), cost_of(strong, unit), cross_difference(gaps))


def _match(
    many: Sequence[Scorecard], single: Sequence[Scorecard], unit: str, seen: NDArray[np.bool_]
) -> tuple[Scorecard, Scorecard] | None:
    """The best single sample as seen on some examples, and the best that costs no more; None where all cost more."""
    strong = max(single, key=lambda card: card.scores[seen].mean())
    affordable = [card for card in many if cost_of(card, unit) <= cost_of(strong, unit)]
    return (max(affordable, key=lambda card: card.scores[seen].mean()), strong) if affordable else None
