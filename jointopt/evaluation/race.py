"""Enough, or more examples?"""

from jointopt.domain import Preference, Scorecard

_SLACK = 1.2816  # one-sided 90%: a policy is dropped when it is worse with that confidence


def still_in_race(card: Scorecard, leader: Scorecard | None, preference: Preference) -> bool:
    """Whether a policy could still beat the leader, judged on the examples that both have met (paired)."""
    if leader is None or leader.policy == card.policy:
        return True
    shared = min(len(card.examples), len(leader.examples))
    lead = leader.utilities(preference)[:shared] - card.utilities(preference)[:shared]
    error = float(lead.std(ddof=1)) / shared**0.5 if shared > 1 else float("inf")
    return bool(lead.mean() <= _SLACK * max(error, 1e-9))
