"""Do cheap and strong models want different prompts, and do many cheap samples replace a strong one?"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Absent, Estimate
from jointopt.analysis.interaction import Share
from jointopt.analysis.saturation import Saturation
from jointopt.analysis.significance import Difference
from jointopt.domain import Policy


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
        interaction: the share of model x family in the variance of these scores; absent where there is none to share.
        lifts: one for each family but the default, the most `apart` first.
        duels: for every pair of a cheaper and a dearer model that can be compared at equal cost.
        saturation: the fitted ceiling of the cheapest model's votes; absent where its curve is too short.
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
