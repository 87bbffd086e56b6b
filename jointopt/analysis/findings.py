"""What a study taught: the one noun that reports read. It holds plain values, and knows neither pool nor Optuna."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum

import numpy as np

from jointopt.analysis.curves import Crossing, Curve
from jointopt.analysis.estimate import Estimate
from jointopt.analysis.flips import Flip, Flips
from jointopt.analysis.frontier import Frontier
from jointopt.analysis.insight import Insight
from jointopt.analysis.interaction import Interaction
from jointopt.analysis.significance import Difference, standing
from jointopt.analysis.standings import Above, Preferred, Standing
from jointopt.analysis.tiers import Tiers
from jointopt.domain import Budget, Message, Policy, Preference, Source, Spend


class Procedure(StrEnum):
    """The ways to choose a policy that a study compares at equal spend."""

    JOINT = "joint"
    PROMPT_ONLY = "prompt only"
    PROMPT_FIRST = "separate: prompt, then strategy"
    STRATEGY_FIRST = "separate: strategy, then prompt"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a study took over from the one it began with.

    Attributes:
        study: the other one's name.
        examples: that both have, dev and sealed.
        samples: that other studies paid for and this one used; failed ones left out.
        tokens: that they took there.
        usd: what they cost there, and not again.
        first: the policies that were tried before the sampler's own suggestions.
    """

    study: str
    examples: int
    samples: int
    tokens: int
    usd: float
    first: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Beyond:
    """What a majority vote of more samples than the study drew is expected to score: extrapolated, not measured.

    Attributes:
        source: that is asked.
        n: votes.
        score: expected, on dev.
        label: what has to stand beside it.
    """

    source: Source
    n: int
    score: Estimate
    label: str


@dataclass(frozen=True, slots=True)
class Contender:
    """A procedure and the policy it chose.

    Attributes:
        procedure: how the policy was chosen, on dev.
        policy: the choice.
        calls: completions that the procedure used to choose; each might use as many as joint did.
        dev_score: of the choice; flattered by having been chosen.
        sealed: of the choice.
        difference: joint minus this one on the sealed examples, paired; None for joint itself. The choices were made
            before the seal was opened, so it is unbiased for these two policies.
    """

    procedure: Procedure
    policy: Policy
    calls: int
    dev_score: float
    sealed: Estimate
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of everything.

    Attributes:
        dev: examples that the search looked at.
        sealed: examples kept for the end.
        trials: finished.
        samples: completions in the pool.
        pool_hits: samples served again without paying.
        failed: samples that could not be had.
        unreadable: share of the samples in which no answer could be read, 0 to 1.
    """

    dev: int
    sealed: int
    trials: int
    samples: int
    pool_hits: int
    failed: int
    unreadable: float


@dataclass(frozen=True, slots=True)
class Importance:
    """What Optuna makes of the trial parameters.

    Attributes:
        method: the evaluator's name.
        shares: by parameter, summing to 1; empty where there is a `reason`.
        reason: in words, why there are none.
    """

    method: str
    shares: Mapping[str, float]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a study taught.

    Attributes:
        study: its name.
        task: the task's name.
        models: ids.
        digest: of the study file that all this belongs to.
        counts: how much of everything.
        spend: what was spent.
        budget: what might be.
        preference: the weights of what the policies are compared by.
        seconds: that the study's runs took in all.
        winner: the policy to ship.
        prompt: the winner's chat as it is sent, for one example.
        leaders: those of the highest utility on dev, the highest first; ten at most.
        comparison: joint first, then the procedures it is measured against; empty where `comparison_note` says why.
        interaction: None where `interaction_note` says why.
        interaction_note: what the table covers (model, samples, examples), or why there is none.
        curves: each prompt's score over n.
        importance: Optuna's own.
        command: what to type to get these findings again.
        preferred: the policy for each preference of the study's grid, from the same samples.
        beyond: what votes of more samples would score under the winner's source; empty where no vote was searched.
        comparison_note: why nothing was compared; empty where it was.
        frontier: the best policy at every budget; None before any was judged.
        ended: why the search ended, in words; empty while it goes on.
        taken_over: from the study that this one began with; None where it began with none.
        insight: flips, budgets, ceiling, tiers, difficulty, judging and power, each a finding or the reason why not.
        above: what has a higher utility on dev than the winner; None where nothing has.
    """

    study: str
    task: str
    models: tuple[str, ...]
    digest: str
    counts: Counts
    spend: Spend
    budget: Budget
    preference: Preference
    seconds: float
    winner: Standing
    prompt: tuple[Message, ...]
    leaders: tuple[Standing, ...]
    comparison: tuple[Contender, ...]
    interaction: Interaction | None
    interaction_note: str
    curves: tuple[Curve, ...]
    importance: Importance
    command: str
    preferred: tuple[Preferred, ...] = ()
    beyond: tuple[Beyond, ...] = ()
    comparison_note: str = ""
    frontier: Frontier | None = None
    taken_over: TakenOver | None = None
    ended: str = ""
    insight: Insight = field(default_factory=Insight)
    above: Above | None = None

    def against(self, procedure: Procedure) -> Contender | None:
        """The contender of a procedure, where it was compared."""
        return next((entry for entry in self.comparison if entry.procedure == procedure), None)

    @property
    def ranked_by(self) -> str:
        """What policies are ranked by: ``score``, or ``utility`` where the preference weighs more."""
        return "score" if self.preference == Preference() else "utility"

    @property
    def told_apart(self) -> dict[Procedure, bool]:
        """Whether joint search and each rival differ, corrected for all rivals that it was compared with (Holm)."""
        rivals = [entry for entry in self.comparison if entry.difference is not None]
        stand = standing([entry.difference for entry in rivals])
        return {entry.procedure: sure for entry, sure in zip(rivals, stand, strict=True)}

    @property
    def swaps(self) -> list[Crossing]:
        """The prompts that are seen to change places as n grows: those that stand, the winner's first, then those that
        may be luck, the surest first: each was picked for its probability, and is flattered by it.
        """
        return [*self.proven, *(_as_crossing(flip) for flip in self._over_n if not flip.settled)]

    @property
    def proven(self) -> list[Crossing]:
        """The changes of places along n that stand after correction for all pairs; the winner's first."""
        policy = self.winner.policy
        found = [_as_crossing(flip) for flip in self._over_n if flip.settled]
        return sorted(found, key=lambda one: (one.model != policy.source.model, one.strategy != policy.strategy))

    @property
    def pairs(self) -> int:
        """How many pairs a change of places was picked among."""
        return self.insight.flips.pairs if isinstance(self.insight.flips, Flips) else 0

    @property
    def _over_n(self) -> list[Flip]:
        """The flips of prompts along n, the surest first."""
        flips = self.insight.flips.flips if isinstance(self.insight.flips, Flips) else ()
        return [flip for flip in flips if (flip.factor, flip.along) == ("prompt", "n")]


def _as_crossing(flip: Flip) -> Crossing:
    """A flip along n as a crossing of two curves."""
    fixed, leads = dict(flip.fixed), (flip.lead_before.mean, flip.lead_after.mean)
    where = (fixed.get("model", ""), fixed.get("strategy", ""), int(flip.before), int(flip.after))
    return Crossing(flip.first, flip.second, *where, *leads, flip.probability)


# What is concluded of the numbers after correction: whoever reads JSON is told no more and no less than a reader.
CONCLUDED: Mapping[object, tuple[str, ...]] = {
    Above: ("sure",),
    Flip: ("settled",),
    Interaction: ("stands",),
    Tiers: ("decided", "uneven", "opposed"),
    Findings: ("told_apart",),
}


def to_json(findings: object) -> object:
    """The findings as plain values that `json.dumps` takes: what `--json` prints. Curves give their bands."""
    if isinstance(findings, Curve):
        bands = {name: to_json(getattr(findings, name)) for name in ("scores", "lows", "highs")}
        return {name: to_json(getattr(findings, name)) for name in ("prompt", "model", "strategy", "ns")} | bands
    if is_dataclass(findings):
        names = *(entry.name for entry in fields(findings)), *CONCLUDED.get(type(findings), ())
        return {name: to_json(getattr(findings, name)) for name in names}
    if isinstance(findings, Mapping):
        return {str(name): to_json(value) for name, value in findings.items()}
    if isinstance(findings, list | tuple):
        return [to_json(value) for value in findings]
    if isinstance(findings, float | np.floating):
        return float(findings) if np.isfinite(findings) else None  # JSON has no word for infinity
    return findings
