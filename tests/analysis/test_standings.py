"""What has a higher number than the choice, and how sure that is."""

from dataclasses import replace

import numpy as np

from jointopt.analysis import Above, Findings, find_above, find_frontier, to_json, verdict, why_not_first
from jointopt.analysis.standings import BEFORE, BY_SAMPLER
from jointopt.domain import Policy, Preference, Scorecard, Source

PLAIN = Preference()


def _card(prompt: str, scores: float, *, tokens: float = 100.0, examples: int = 40) -> Scorecard:
    """Some examples right, the first ones, so that two cards are as paired as can be."""
    right, none = (np.arange(examples) < scores * examples).astype(float), np.zeros(examples)
    policy, ids = Policy(Source(prompt, "micro", 0.7), "majority", 8), tuple(map(str, range(examples)))
    return Scorecard(policy, ids, right, none, np.full(examples, tokens), none, np.full(examples, 8))


def test_a_choice_that_is_the_best_has_nothing_above_it() -> None:
    """Neither a lower number nor an equal one is above, nor one on other examples."""
    chosen = _card("steps", 0.8)
    others = [_card("plain", 0.8), _card("known", 0.5), _card("check", 1.0, examples=20)]
    assert find_above([chosen, *others], chosen, PLAIN, by_sampler=True) is None


def test_what_is_above_is_named_with_its_lead() -> None:
    """The highest of those that are, how many they are, and among how many they were picked."""
    chosen = _card("steps", 0.8)
    cards = [chosen, _card("plain", 0.85), _card("known", 0.9), _card("check", 0.1)]
    found = find_above(cards, chosen, PLAIN, by_sampler=True)
    assert found is not None and found.policy == cards[2].policy
    assert (round(found.lead.mean, 9), found.count, found.policies, found.why) == (0.1, 2, 4, BY_SAMPLER)
    later = find_above(cards, chosen, PLAIN, by_sampler=False)
    assert later is not None and later.why == BEFORE


def test_what_is_above_by_score_is_not_where_it_costs_more_than_that() -> None:
    """It is utility that ranks."""
    chosen, dear = _card("steps", 0.8), _card("plain", 0.85, tokens=2_000)
    assert find_above([chosen, dear], chosen, Preference(tokens=0.05), by_sampler=True) is None


def test_a_lead_that_was_picked_among_many_has_to_be_larger() -> None:
    """Of two policies a lead stands that may be luck as the highest of two hundred."""
    chosen, ahead = _card("steps", 0.5), _card("plain", 0.75)
    few = find_above([chosen, ahead], chosen, PLAIN, by_sampler=True)
    many = find_above([chosen, ahead, *[_card("known", 0.1)] * 198], chosen, PLAIN, by_sampler=True)
    assert few is not None and many is not None and few.lead == many.lead
    assert few.sure and not many.sure


def _above(findings: Findings) -> Above:
    chosen = _card("steps", 0.8)
    found = find_above([chosen, _card("plain", 0.85)], chosen, findings.preference, by_sampler=True)
    assert found is not None
    return found


def test_the_verdict_says_why_the_winner_is_not_the_first(findings: Findings) -> None:
    """Right after the winner, with the lead, its interval, and who chose; JSON says what is concluded of it."""
    assert why_not_first(findings) == []
    told = replace(findings, above=_above(findings))
    line = verdict(told)[1]
    assert line.startswith("plain x majority of 8 on micro, T=0.7 has a higher score on the same dev examples: +5.0 ")
    assert "picked among 2, which luck may explain" in line and line.endswith(f"{BY_SAMPLER}.")
    plain = to_json(told)
    assert isinstance(plain, dict) and plain["above"]["sure"] is False


def test_a_dearer_policy_with_the_highest_score_is_told_apart(findings: Findings) -> None:
    """It stands on the frontier with a number above the winner's: utility weighs more than the score."""
    front = find_frontier([_card("steps", 0.5, tokens=10), _card("plain", 0.9, tokens=2_000)])
    priced = replace(findings, frontier=front, preference=Preference(tokens=0.5))
    (line,) = why_not_first(priced)
    assert "plain x majority of 8 on micro, T=0.7 has the highest score on dev (90.0%)" in line and "utility" in line
    assert why_not_first(replace(priced, preference=PLAIN)) == []
