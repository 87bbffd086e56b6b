"""The verdict says what was found, whichever way it went."""

from dataclasses import replace

import pytest

from jointopt.analysis import (
    Contender,
    Difference,
    Estimate,
    Findings,
    Flip,
    Flips,
    Insight,
    Interaction,
    Procedure,
    Share,
    verdict,
)
from jointopt.domain import Policy, Preference


def _compared(findings: Findings, *gaps: Difference) -> Findings:
    """Joint against both ways of separate tuning."""
    policy, sealed = findings.winner.policy, Estimate(0.7, 0.6, 0.8)
    other = Policy(replace(policy.source, prompt="at once"), "majority", 4)
    pairs = zip((Procedure.PROMPT_FIRST, Procedure.STRATEGY_FIRST), gaps, strict=True)
    rivals = [Contender(procedure, other, 500, 0.7, sealed, gap) for procedure, gap in pairs]
    return replace(findings, comparison=(Contender(Procedure.JOINT, policy, 500, 0.8, sealed), *rivals))


AHEAD, BEHIND = (Difference(mean, mean - 0.02, mean + 0.02, 0.01, 40) for mean in (0.05, -0.05))
TIED = Difference(0.01, -0.01, 0.03, 0.3, 40)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ((AHEAD, AHEAD), "Joint search beat separate tuning here, corrected for 2 comparisons ("),
        ((AHEAD, TIED), "beat one way of separate tuning here and not the other"),
        ((TIED, TIED), "was not shown to differ from separate tuning here ("),
        ((BEHIND, BEHIND), "lost to separate tuning here"),
        ((BEHIND, TIED), "lost to one way of separate tuning here and did not beat the other"),
        ((BEHIND, AHEAD), "lost to one way of separate tuning here and beat the other"),
    ],
)
def test_joint_search_is_judged_as_it_did(findings: Findings, gaps: tuple[Difference, ...], said: str) -> None:
    """Won, won by half, tied, lost: each in plain words."""
    assert any(said in line for line in verdict(_compared(findings, *gaps)))


def test_a_rival_is_beaten_only_after_correction(findings: Findings) -> None:
    """Two p of 0.04, each below 5% alone, beat nobody together; neither does one beside a tie."""
    alone = replace(AHEAD, p=0.04)
    for gaps in ((alone, alone), (alone, TIED)):
        assert any("was not shown to differ from separate" in line for line in verdict(_compared(findings, *gaps)))


def test_points_carry_their_interval_and_p(findings: Findings) -> None:
    """The sentence holds the numbers that it rests on."""
    line = next(line for line in verdict(_compared(findings, AHEAD, BEHIND)) if "separate" in line)
    assert "prompt, then strategy: +5.0 points, 95% interval +3.0 to +7.0, p = 0.01" in line
    assert "strategy, then prompt: \N{MINUS SIGN}5.0 points" in line


def test_the_same_choice_is_said_to_be_the_same(findings: Findings) -> None:
    """Where separate tuning found the same policy, no number pretends otherwise."""
    compared = _compared(findings, TIED, TIED)
    entries = tuple(replace(entry, policy=findings.winner.policy) for entry in compared.comparison)
    assert any("would have chosen the same policy" in line for line in verdict(replace(compared, comparison=entries)))


def test_the_winner_comes_first_with_score_and_costs(findings: Findings) -> None:
    """The first sentence can stand alone."""
    first = verdict(findings)[0]
    assert "steps x majority of 8 on micro" in first and "75.0% on 40 sealed examples" in first
    assert "480 tokens" in first and "$" not in first


def test_a_winner_without_sealed_score_is_not_flattered(findings: Findings) -> None:
    """A dev score is called one, and sealed examples that were not opened are not called few."""
    counts = replace(findings.counts, sealed=0)
    said = verdict(replace(findings, winner=replace(findings.winner, sealed=None), counts=counts))
    assert "winner on dev" in said[0] and "chosen there, so flattered" in said[0]
    assert not any("are few" in line for line in said)


def test_what_was_not_measured_is_said(findings: Findings) -> None:
    """No comparison and no interaction: the reasons stand in their places."""
    said = " ".join(verdict(findings))
    assert "not compared with separate tuning" in said and "fills no balanced table" in said


@pytest.mark.parametrize(("low", "said"), [(0.1, "prompt x strategy makes 30.0%"), (-0.1, "No interaction")])
def test_interaction_counts_when_its_interval_leaves_zero_out(findings: Findings, low: float, said: str) -> None:
    """A share whose interval holds 0 is not reported as found."""
    shares = (Share(("prompt",), 0.7, 0.5, 0.8, 0.01), Share(("prompt", "strategy"), 0.3, low, 0.4, 0.01))
    measured = replace(findings, interaction=Interaction(("prompt", "strategy"), shares, 0.01, 60))
    assert any(said in line for line in verdict(measured))
    doubtful = replace(measured, interaction=Interaction(("prompt", "strategy"), shares, 0.01, 60, doubtful=True))
    assert any("No interaction" in line for line in verdict(doubtful))
    many = tuple(Share(("prompt", f"f{place}"), 0.1, 0.01, 0.2, 0.03) for place in range(6))
    picked = replace(measured, interaction=Interaction(("prompt", "strategy"), (shares[0], *many), 0.01, 60))
    assert any("No interaction" in line for line in verdict(picked))  # one in six is within 5% by luck


def test_of_the_swaps_that_stand_the_winners_own_is_told(findings: Findings) -> None:
    """It is named before a surer one of another model; where nothing was tested, nothing is said."""
    other, own = (
        Flip("prompt", "n", early, "steps", "1", "8", AHEAD, AHEAD, 0.9, 0.9, 0.9, p, None, fixed)
        for early, p, fixed in (
            ("restate", 0.001, (("model", "nano"), ("strategy", "majority"))),
            ("at once", 0.01, (("model", "micro"), ("strategy", "majority"))),
        )
    )
    told = replace(findings, insight=Insight(flips=Flips((other, own), 2, 45, (), 40, 2)))
    (line,) = [line for line in verdict(told) if "change places" in line]
    assert line.startswith("Prompts change places: at once leads") and "majority on micro" in line
    assert not any("change places" in line for line in verdict(findings))


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.01, "Prompts change places: at once leads by 5.0 points at n = 1, yet steps leads by 5.0 at n = 8"),
        (0.2, "No prompts are shown to change places; the surest swap: at once leads by 5.0 points at n = 1"),
    ],
)
def test_prompts_change_places_only_where_it_stands_after_correction(findings: Findings, p: float, said: str) -> None:
    """The flip's corrected p decides, however probable a crossing looks."""
    fixed = (("model", "micro"), ("strategy", "majority"))
    flip = Flip("prompt", "n", "at once", "steps", "1", "8", AHEAD, AHEAD, 0.9, 0.9, 0.83, p, None, fixed)
    flips = Flips((flip,), 20, 45, (), 40, 17 if p < 0.05 else 0)
    told = replace(findings, insight=Insight(flips=flips))
    line = next(line for line in verdict(told) if "change places" in line)
    assert line.startswith(said) and "45 pairs" in line
    assert (
        "17 stand when corrected" if p < 0.05 else "probability 0.83, picked among 45 pairs, does not stand"
    ) in line


def test_doubts_are_spoken(findings: Findings) -> None:
    """Failed samples, unreadable answers and few examples are named with their numbers."""
    counts = replace(findings.counts, failed=7, unreadable=0.2, sealed=12)
    said = " ".join(verdict(replace(findings, counts=counts)))
    assert "7 samples failed" in said and "20.0% of the samples" in said and "12 sealed examples are few" in said


def test_utility_is_named_where_it_is_not_the_score(findings: Findings) -> None:
    """A preference with prices says what an answer's tokens weigh; the plain one says nothing."""
    priced = replace(findings, preference=Preference(tokens=0.05))
    assert "Policies are compared by utility: the score less 5 points per 1,000 tokens of an answer." in verdict(priced)
    assert not any("utility" in line for line in verdict(findings))
