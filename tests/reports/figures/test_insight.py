"""The figures of what a study taught beyond its winner."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jointopt.analysis import Absent, Duel, Findings, Insight, Need, Outlay, Tiers
from jointopt.domain import Budget, Spend
from jointopt.reports.figures import Panel, ceiling, difficulty, duels, flips, judging, power, spending, tiers
from tests.reports.conftest import PROMPTS
from tests.reports.figures.invented import draw_insight, draw_judging, gap, policy

DRAWN = (flips, ceiling, difficulty, tiers, duels, judging, power, spending)


@pytest.fixture(scope="module")
def insight(findings: Findings) -> Insight:
    """All that can be said of five prompts."""
    return draw_insight(findings, PROMPTS)


@pytest.fixture(scope="module")
def told(findings: Findings, insight: Insight) -> Findings:
    """A study that taught all of it."""
    return replace(findings, insight=insight)


def _figure(panel: Panel) -> Any:
    """The figure itself; plotly has no types."""
    assert panel.figure is not None, panel.answer
    return panel.figure


@pytest.mark.parametrize("draw", DRAWN)
def test_each_has_an_answer_a_unit_and_its_numbers(draw: Callable[[Findings], Panel], told: Findings) -> None:
    """One question, one sentence, axes that say what they count, and rows as wide as their headers."""
    panel = draw(told)
    assert panel.question.endswith("?") and panel.answer.endswith(".") and panel.answer.count(". ") == 0
    assert panel.rows and all(len(row) == len(panel.headers) for row in panel.rows)
    assert _figure(panel).layout.xaxis.title.text


@pytest.mark.parametrize("draw", DRAWN)
def test_what_could_not_be_found_is_said(draw: Callable[[Findings], Panel], findings: Findings) -> None:
    """No figure, and the reason in words."""
    reason = Absent("one prompt only")
    names = ("flips", "ceiling", "tiers", "difficulty", "judging", "power", "spending")
    bare = replace(findings, insight=Insight(**dict.fromkeys(names, reason)))
    panel = draw(bare)
    assert panel.figure is None and panel.answer.endswith(": one prompt only.")


def test_the_bump_chart_ranks_every_choice_at_every_level(told: Findings, insight: Insight) -> None:
    """One line a prompt, ranks 1 to 5 at each n, names at both ends, and the swap in the answer."""
    panel, found = flips(told), insight.flips
    assert not isinstance(found, Absent)
    figure = _figure(panel)
    assert len(figure.data) == 5 and len(figure.layout.annotations) == 10
    for level in range(5):
        assert sorted(trace.y[level] for trace in figure.data) == [1, 2, 3, 4, 5]
    assert figure.data[0].y[0] == 1 and figure.data[0].y[-1] == 5
    assert "at once leads check by 5.0 points at n = 1 and trails by 12.0 at n = 16" in panel.answer
    more = replace(found, settled=40)
    assert "40 stand after correction" in flips(replace(told, insight=replace(insight, flips=more))).answer
    unsure = replace(found, flips=(replace(found.flips[0], p=0.3),), settled=0)
    assert "none of the swaps stands" in flips(replace(told, insight=replace(insight, flips=unsure))).answer
    ties = tuple(replace(one, ranks=tuple((3.0,) * 5 for _ in one.ranks)) for one in found.rankings)
    even = flips(replace(told, insight=replace(insight, flips=replace(found, rankings=ties))))
    assert even.figure is None and even.answer == "Nothing to rank: all score the same at every level."
    none = replace(found, flips=(), found=0)
    assert "None of the 10 pairs is seen" in flips(replace(told, insight=replace(insight, flips=none))).answer


def test_a_single_choice_or_level_is_no_ranking(told: Findings, insight: Insight) -> None:
    """Words in place of a bump chart with one line, or with one column."""
    found = insight.flips
    assert not isinstance(found, Absent)
    one = found.rankings[0]
    name = replace(one, names=one.names[:1], scores=((0.5,),) * 5, ranks=((1.0,),) * 5, leads=((1.0,),) * 5)
    level = replace(one, levels=("1",), scores=one.scores[:1], ranks=one.ranks[:1], leads=one.leads[:1])
    for ranking in ((name,), (level,), ()):
        bare = replace(found, flips=(), rankings=ranking)
        panel = flips(replace(told, insight=replace(insight, flips=bare)))
        assert panel.figure is None and panel.answer.startswith("Nothing to draw")


def test_the_waterfall_adds_up_to_a_hundred(told: Findings, insight: Insight) -> None:
    """Every bar begins where the one before it ended, and the last ends at 100%."""
    found, figure = insight.ceiling, _figure(ceiling(told))
    assert not isinstance(found, Absent)
    ends = {0.0}
    for bar in figure.data:
        assert min(abs(bar.base[0] - end) for end in ends) < 1e-6
        ends.add(bar.base[0] + bar.x[0])
    assert max(ends) == pytest.approx(100)
    assert "drawn, not picked" in ceiling(told).answer and "passes 93.0%" in ceiling(told).answer
    everything = replace(found, score=replace(found.score, mean=1.0), gaps=())
    assert "Nothing is missing" in ceiling(replace(told, insight=replace(insight, ceiling=everything))).answer


def test_bins_show_the_best_for_all_and_their_own(told: Findings, insight: Insight) -> None:
    """A line for the policy that is best for all, one for each that wins a bin, and a ring at every winner."""
    found, figure = insight.difficulty, _figure(difficulty(told))
    assert not isinstance(found, Absent)
    *lines, rings = figure.data
    assert len(lines) == len({found.overall, *(one.best for one in found.bins)})
    assert list(rings.y) == pytest.approx([100 * one.score.mean for one in found.bins])
    assert difficulty(told).answer.startswith("Not shown:")
    sure = replace(found, gain=gap(0.05, 0.02))
    assert difficulty(replace(told, insight=replace(insight, difficulty=sure))).answer.startswith("Yes:")
    level = replace(found, bins=found.bins[:1])
    assert difficulty(replace(told, insight=replace(insight, difficulty=level))).figure is None


def test_tiers_begin_with_the_default_family(told: Findings, insight: Insight) -> None:
    """The default on top, then what sets the models furthest apart; a mark for each model and family."""
    found, figure = insight.tiers, _figure(tiers(told))
    assert not isinstance(found, Absent)
    assert list(figure.layout.yaxis.ticktext)[:2] == ["at once", "check"]
    assert [len(trace.x) for trace in figure.data] == [5, 5]
    assert "check brings +24.0 points on nano and +8.0 on micro over at once" in tiers(told).answer
    lone = replace(found, models=("nano",), costs=(0.1,), scores=found.scores[:1])
    panel = tiers(replace(told, insight=replace(insight, tiers=lone)))
    assert panel.figure is None and "one model" in panel.answer


def test_models_are_said_to_want_different_prompts_only_where_the_order_turns_round(
    told: Findings, insight: Insight
) -> None:
    """Yes where a family helps one model and hurts the other; a mere difference of gains, or luck, is not that."""
    found = insight.tiers
    assert not isinstance(found, Absent) and not isinstance(found.interaction, Absent)

    def answer(tiers_: Tiers) -> str:
        return tiers(replace(told, insight=replace(insight, tiers=tiers_))).answer

    assert answer(found).startswith("Not shown, but their gains differ: check")
    turned = tuple(replace(lift, strong=gap(-0.1, 0.05)) for lift in found.lifts)
    assert answer(replace(found, lifts=turned)).startswith("Yes: check")
    noise = replace(found, lifts=turned, interaction=replace(found.interaction, low=-0.1))
    assert answer(noise).startswith("Not shown: at most, check")
    one = replace(turned[0], apart=replace(turned[0].apart, p=0.04))  # settled alone, not among four
    others = tuple(replace(lift, apart=gap(0.01, 0.05)) for lift in turned[1:])
    assert answer(replace(found, lifts=(one, *others))).startswith("Not shown: at most, check")


def test_duels_at_equal_cost_are_a_forest(told: Findings, insight: Insight) -> None:
    """One line a pair of models; won, lost and open are counted."""
    found = insight.tiers
    assert not isinstance(found, Absent)
    assert "loses to one sample of micro" in duels(told).answer
    three = [
        Duel(policy(n=8), policy(model=f"m{n}", n=1), 1.0, 1.1, gap(mean, 0.06))
        for n, mean in enumerate((-0.1, 0, 0.2))
    ]
    panel = duels(replace(told, insight=replace(insight, tiers=replace(found, duels=tuple(three)))))
    assert "win 1 of 3 duels, lose 1, and 1 stay open" in panel.answer
    assert [trace.marker.symbol for trace in _figure(panel).data] == ["diamond", "circle-open", "square"]
    nobody = duels(replace(told, insight=replace(insight, tiers=replace(found, duels=()))))
    assert nobody.figure is None and "no two models" in nobody.answer


def test_a_judge_that_is_gamed_raises_an_alarm(told: Findings, insight: Insight) -> None:
    """The answer begins with it, and says between which n; without it, what a perfect selector would reach."""
    assert "would reach 90.0%" in judging(told).answer and not judging(told).answer.startswith("Alarm")
    alarmed = replace(insight, judging=(draw_judging(alarm=True),))
    assert (
        "from n = 4 to 16 its ratings rise while the score falls by 5.0"
        in judging(replace(told, insight=alarmed)).answer
    )
    panel = judging(replace(told, insight=replace(insight, judging=())))
    assert panel.figure is None and "no strategy of the study selects" in panel.answer


def test_a_curve_of_judges_is_exact_for_right_or_wrong_only(told: Findings) -> None:
    """Marks between 0 and 1 are cut at a half by the model: nothing of it is exact then, and the remark says so."""
    assert "where marks are only 0 or 1 its ends are exact, elsewhere they are not" in judging(told).remark


def test_power_says_how_many_examples_settle_it(told: Findings, insight: Insight) -> None:
    """The largest difference first; what is out of reach has no mark, and none at all is words."""
    found, panel = insight.power, power(told)
    assert not isinstance(found, Absent)
    assert panel.answer.startswith("About 840 examples would settle a difference of +2.8 points")
    assert list(_figure(panel).data[0].x) == [264, 840, 1650]
    assert ("+1.0 points", "out of reach", "5,200", "out of reach") in panel.rows
    behind = replace(found, difference=replace(found.difference, mean=-found.difference.mean))
    assert power(replace(told, insight=replace(insight, power=behind))).answer == panel.answer
    none = replace(found, least=float("inf"))
    assert "settle no difference that is possible" in power(replace(told, insight=replace(insight, power=none))).answer
    far = replace(found, needs=(Need(0.028, None, None, None),))
    panel = power(replace(told, insight=replace(insight, power=far)))
    assert panel.figure is None and panel.answer.startswith("No number of examples")


def test_power_says_how_sampling_noise_was_measured(told: Findings, insight: Insight) -> None:
    """By halves, by drawing again, or not at all; never larger than it was; a utility is called one."""
    found = insight.power
    assert not isinstance(found, Absent)
    words = {"halves": "splitting the samples", "redrawn": "(bootstrap)", "unknown": "could not be measured"}
    for method, said in words.items():
        panel = power(replace(told, insight=replace(insight, power=replace(found, method=method))))
        assert said in panel.remark and "as large as it can be" not in panel.remark
    assert "points of utility" not in power(told).answer
    worth = power(replace(told, insight=replace(insight, power=replace(found, unit="utility"))))
    assert "+2.8 points of utility; the 40 examples would settle a difference of 11.0 points of utility" in worth.answer
    assert worth.rows[0][0] == "+2.8 points of utility"


def test_spending_is_stacked_in_the_order_of_the_requests(told: Findings) -> None:
    """Each phase grows while it runs and stays where it is afterwards; all end at what was spent."""
    limited = replace(told, budget=Budget(usd=1.5))
    panel, figure = spending(limited), _figure(spending(limited))
    assert [trace.name for trace in figure.data] == ["search", "table", "sealed"]
    assert list(figure.data[0].x) == [100 * place for place in range(11)]
    assert sum(trace.y[-1] for trace in figure.data) == pytest.approx(1.05)
    assert figure.data[0].y[5] == figure.data[0].y[-1] and figure.layout.shapes[0].y0 == 1.5
    assert panel.answer == "The study spent $1.05, 70.0% of the limit: search 38.1%, table 34.3%, sealed 27.6%."
    assert [row[1] for row in panel.rows] == ["500", "300", "200"]


def test_spending_is_drawn_over_time_where_that_is_known(told: Findings, insight: Insight) -> None:
    """In minutes here, never backwards; over the requests where one stretch has no time, or all have the same."""
    outlays = insight.spending
    assert not isinstance(outlays, Absent)
    timed = tuple(replace(one, seconds=60.0 * place) for place, one in enumerate(outlays))
    timed = (*timed[:4], replace(timed[4], seconds=100.0), *timed[5:])  # reserved late, with a smaller number

    def course(found: tuple[Outlay, ...]) -> tuple[str, list[float]]:
        figure = _figure(spending(replace(told, insight=replace(insight, spending=found))))
        return figure.layout.xaxis.title.text, list(figure.data[0].x)

    assert course(timed) == ("minutes since the first request", [0, 0, 1, 2, 3, 3, 5, 6, 7, 8, 9])
    assert course(tuple(replace(one, seconds=4_000.0) for one in outlays))[0].startswith("minutes")
    assert course((*timed[:-1], outlays[-1]))[0].startswith("requests")
    assert course(tuple(replace(one, seconds=0.0) for one in outlays))[0].startswith("requests")


def test_spending_counts_what_is_nearest_to_its_limit(told: Findings, insight: Insight) -> None:
    """Completions where they run out first, tokens where nothing has a price or a limit, and words for one request."""
    assert "4,000 completions, 80.0% of the limit" in spending(replace(told, budget=Budget(calls=5_000, usd=9))).answer
    far = spending(replace(told, budget=Budget(calls=50_000)))
    assert not _figure(far).layout.shapes and "Dotted" not in far.remark
    free = replace(insight, spending=(Outlay("search", 1, Spend(4, 80, 0.0)),))
    panel = spending(replace(told, insight=free, budget=Budget(wall_clock_s=60)))
    assert panel.figure is None and panel.answer.startswith("The study spent 80 tokens: search 100.0%.")


def test_prices_of_answers_are_written_out(told: Findings, insight: Insight) -> None:
    """Small dollars in figures, tables and words: $0.00000403, never a power of ten."""
    found = insight.tiers
    assert not isinstance(found, Absent)
    cheap = tuple(replace(duel, cheap_cost=4.03e-6, strong_cost=2.04e-5) for duel in found.duels)
    priced = replace(found, unit="usd", costs=tuple(4.03e-6 for _ in found.costs), duels=cheap)
    small = replace(told, insight=replace(insight, tiers=priced))
    assert "$0.00000403" in str(tiers(small).figure) and "$0.0000204" in str(duels(small).rows)
    assert "e-0" not in str(tiers(small).figure) + str(duels(small).rows)
