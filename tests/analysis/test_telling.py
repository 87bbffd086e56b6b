"""Insight in sentences: what was found is said with its interval, and what was not found is not said."""

from dataclasses import replace

import numpy as np
import pytest

from jointopt.analysis import (
    Absent,
    Ceiling,
    Compared,
    Difference,
    Difficulty,
    Duel,
    Estimate,
    Findings,
    Gamed,
    Insight,
    Judging,
    Lift,
    Marked,
    Share,
    Tiers,
    find_ceiling,
    find_power,
    verdict,
)
from jointopt.analysis.telling import tell
from jointopt.domain import Policy, Source

SOURCE = Source("steps", "micro", 0.7)
POLICY = Policy(SOURCE, "majority", 2)
UP, EVEN, DOWN = (Difference(mean, mean - 0.02, mean + 0.02, 0.01, 40) for mean in (0.05, 0.01, -0.05))


def _ceiling(unsolved: int) -> Ceiling:
    marks = np.ones((20, 4))
    marks[:unsolved] = 0
    found = find_ceiling(POLICY, marks[:, 0], [Marked(SOURCE, marks)], tuple(map(str, range(20))))
    assert isinstance(found, Ceiling)
    return found


def test_what_is_absent_is_not_said(findings: Findings) -> None:
    """No insight, no sentence; the verdict stands as it was."""
    assert tell(Insight()) == []
    assert all("None" not in line for line in verdict(findings))


def test_what_is_missing_is_named_with_a_forecast(findings: Findings) -> None:
    """The largest part, what would close it, and what more samples of the unsolved may do."""
    line = next(line for line in verdict(replace(findings, insight=Insight(ceiling=_ceiling(5)))) if "lacks" in line)
    assert "Of the 25.0% that the winner lacks on 20 dev examples (too little: chosen there, it is flattered)" in line
    assert ", the largest part, 25.0 points, is unsolved: " in line
    assert "flattered" not in tell(Insight(ceiling=_ceiling(20)))[0]  # nothing right is no luck
    assert "No sample solved 5 of them; 4 more of each would solve 0.0 (95% interval 0 to 3; a forecast)." in line
    assert tell(Insight(ceiling=_ceiling(0))) == []


def test_a_part_that_is_flattered_is_called_the_most_there_can_be() -> None:
    """Another prompt found what the winner's did not; one sample of each is too few to say how sure that is."""
    other = Source("plain", "micro", 0.7)
    marks = np.zeros((20, 1))
    marks[:10] = 1
    sampled = [Marked(SOURCE, marks), Marked(other, 1 - marks)]
    found = find_ceiling(Policy(SOURCE, "single", 1), marks[:, 0], sampled, tuple(map(str, range(20))))
    assert isinstance(found, Ceiling) and found.largest.least is None
    (line,) = tell(Insight(ceiling=found))
    assert "the largest part, at most 50.0 points, is prompt: " in line


def _tiers(lift: Difference, duel: Difference, low: float = 0.1) -> Tiers:
    cheap = Policy(Source("steps", "nano", 0.7), "majority", 8)
    lifts = (Lift("steps", UP, DOWN, lift),)
    duels = (Duel(cheap, POLICY, 1.0, 1.1, duel),)
    none, many = Absent("no"), Estimate(0.5, 0.4, 0.6)
    meeting = Share(("model", "family"), 0.3, low, 0.5, 0.01)
    return Tiers(
        ("nano", "micro"),
        (0.1, 1.0),
        "usd",
        ("plain", "steps"),
        ((many,) * 2,) * 2,
        "",
        meeting,
        lifts,
        duels,
        none,
        40,
    )


@pytest.mark.parametrize(("duel", "said"), [(UP, "beats"), (EVEN, "was not shown to differ from"), (DOWN, "loses to")])
def test_cheap_samples_are_judged_as_they_did(duel: Difference, said: str) -> None:
    """Won, open, lost; prompts that models agree about are passed over."""
    first, second = tell(Insight(tiers=_tiers(UP, duel)))
    assert first.startswith("Models want different prompts: over the default one steps brings +5.0 points on nano and")
    assert f"the best of nano {said} it (" in second
    assert len(tell(Insight(tiers=_tiers(EVEN, duel)))) == 1
    same = _tiers(UP, duel)
    same = replace(same, lifts=(replace(same.lifts[0], strong=EVEN),))  # gains differ, the order is the same
    assert tell(Insight(tiers=same))[0].startswith("Prompts do not bring every model the same: ")
    assert len(tell(Insight(tiers=_tiers(UP, duel, low=-0.1)))) == 1  # where nothing meets, one lift of many is luck


@pytest.mark.parametrize(("gain", "said"), [(UP, "pays"), (EVEN, "was not shown to pay"), (DOWN, "costs")])
def test_choosing_by_difficulty_is_judged_as_it_did(gain: Difference, said: str) -> None:
    """Three outcomes, in words."""
    (line,) = tell(Insight(difficulty=Difficulty((), POLICY, (POLICY,), 2, 2, 40, gain)))
    assert f"how hard a question is {said}: " in line and "95% interval" in line


def test_an_alarm_is_sounded_where_the_judge_is_gamed() -> None:
    """Accuracy is always said, over-optimisation only where it is likely."""
    one = Estimate(0.7, 0.6, 0.8)
    calm = Gamed(2, 8, Estimate(0.1, 0.0, 0.2), Estimate(1.0, 0.5, 1.5), 0.5, alarm=False)
    judged = Judging(SOURCE, "best_of", one, 30, (2, 8), (one,) * 2, (one,) * 2, 0.5, (0.6, 0.9), (), (), calm, 40)
    assert len(tell(Insight(judging=(judged,)))) == 1
    accuracy, alarm = tell(Insight(judging=(replace(judged, gamed=replace(calm, alarm=True, probability=0.9)),)))
    assert "70.0% of cases (95% interval 60.0% to 80.0%" in accuracy
    assert "from n = 2 to 8" in alarm and "score 10.0 points less (probability 0.90)" in alarm
    assert len(tell(Insight(judging=(replace(judged, gamed=Absent("one n")),)))) == 1


def test_what_would_settle_an_open_question_is_a_forecast() -> None:
    """The question, what it takes, and what today's examples can settle."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.3, 40)
    compared = Compared("a against b, on dev", 0.52 + noise - noise.mean(), np.full(40, 0.5), 4)
    (line,) = tell(Insight(power=find_power([compared])))
    assert line.startswith("Still open: a against b, on dev (+2.0 points") and "examples to settle" in line
    assert "forecast" in line and "utility" not in line
    (line,) = tell(Insight(power=find_power([replace(compared, unit="utility")])))
    assert "(+2.0 points of utility, 95%" in line and "A difference of 2.0 points of utility would" in line
