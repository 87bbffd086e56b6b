"""Where policies stand, and which has a higher number than the one that was chosen. It knows scorecards, no pool."""

from collections.abc import Sequence
from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate
from jointopt.analysis.significance import SURE, Difference, paired_difference
from jointopt.domain import Policy, Preference, Scorecard

BY_SAMPLER = "the choice is the sampler's, by what it expects from all its samples together"
BEFORE = "the choice was made before these samples were there"
_EQUAL = 1e-9  # utilities this close are equal: the rest is rounding


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a policy stands.

    Attributes:
        policy: whose standing it is.
        dev: its score on the examples that the search looked at; flattered by having been chosen.
        sealed: its score on the examples kept for the end; None where it was not scored there.
        cost_usd: of one answer.
        tokens: of one answer, input and output.
        latency_s: of one answer.
        unreadable: share of its answers on dev that could not be read; they score 0.
        utility: on dev, under the study's preference: what policies are ranked by.
    """

    policy: Policy
    dev: Estimate
    sealed: Estimate | None
    cost_usd: float
    tokens: float
    latency_s: float
    unreadable: float = 0.0
    utility: float = 0.0


@dataclass(frozen=True, slots=True)
class Above:
    """The policy with the highest utility on dev, where that is not the one that was chosen.

    Attributes:
        policy: that one.
        lead: its utility minus that of the choice, paired over examples; flattered, as it was picked.
        count: how many policies have a higher utility than the choice.
        policies: among how many.
        why: the choice fell on another one, in words.
    """

    policy: Policy
    lead: Difference
    count: int
    policies: int
    why: str

    @property
    def sure(self) -> bool:
        """Whether luck hardly explains the lead, although it is the highest of so many (Bonferroni)."""
        return self.lead.settled and self.lead.p * self.policies < SURE


@dataclass(frozen=True, slots=True)
class Preferred:
    """The policy that was chosen under one preference, on dev: chosen and scored on the same examples, so flattered.

    Attributes:
        preference: the weights.
        policy: the choice under them.
        utility: of the policy under them.
        score: of the policy.
        cost_usd: of one answer.
        tokens: of one answer, input and output.
        above: what has a higher utility under them; None where nothing has.
    """

    preference: Preference
    policy: Policy
    utility: float
    score: Estimate
    cost_usd: float
    tokens: float
    above: Above | None = None


def find_above(
    cards: Sequence[Scorecard], chosen: Scorecard, preference: Preference, *, by_sampler: bool
) -> Above | None:
    """What has a higher utility than the chosen policy, on the same examples; None where nothing has.

    Args:
        cards: of policies; those that were judged on other examples than `chosen` are passed by.
        chosen: the choice's card.
        preference: the weights.
        by_sampler: whether the sampler made the choice itself.
    """
    own, alike = chosen.utility(preference), [card for card in cards if card.examples == chosen.examples]
    higher = [(utility, card) for card in alike if (utility := card.utility(preference)) > own + _EQUAL]
    if not higher:
        return None
    _, best = max(higher, key=lambda pair: pair[0])
    lead = paired_difference(best.utilities(preference), chosen.utilities(preference), reach=preference.reach)
    return Above(best.policy, lead, len(higher), len(alike), BY_SAMPLER if by_sampler else BEFORE)
