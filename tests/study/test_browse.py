"""The browser of samples: what it shows is what was sent, drawn, counted and marked."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from jointopt.config import read_study
from jointopt.domain import Policy, Sample, Source
from jointopt.errors import NothingToReport, UserError
from jointopt.reports import Exhibit, say_answers
from jointopt.study import Study
from tests.exam import write_exam
from tests.study.conftest import STUDY

STRATEGIES = "[single, majority, weighted, {best_of: {by: length}}, {early_stop: {window: 2}}]"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study with strategies of several kinds, run to its end."""
    folder = tmp_path_factory.mktemp("browse")
    write_exam(folder)
    file = folder / "study.yaml"
    text = STUDY.format(calls=500).replace("[single, majority, best_of]", STRATEGIES)
    file.write_text(text.replace("n: [1, 2, 4]", "n: [1, 4]"), encoding="utf-8")
    with Study(read_study(file)) as opened:
        opened.run()
        yield opened


def _every(study: Study, strategy: str) -> list[Exhibit]:
    source = study.browser().winner().source
    options = next(way.options for way in study.plan.space.ways() if way.strategy == strategy)
    policy = Policy(source, strategy, 1 if strategy == "single" else 4, options)
    return [one for one in study.browser().exhibition(policy).shown if one.mark is not None]


def test_an_exhibit_shows_what_was_sent_and_drawn(study: Study) -> None:
    """The chat is the request's, and the samples are the pool's, text by text."""
    browser = study.browser()
    policy = browser.winner()
    shown = browser.exhibition(policy).shown
    assert {one.half for one in shown} == {"dev", "sealed"} and shown[0].half == "sealed"
    for one in shown:
        _, example = browser.examples[one.example]
        request = study.parts.readings.request(policy.source, example)
        assert one.messages == request.messages and one.question in one.messages[-1].content
        pool = study.parts.pool.load([request.key])[request.key]
        assert [sample.text for sample in one.samples] == [sample.text for sample in pool[: len(one.samples)]]
        assert one.held == len(pool) and one.reference == example.reference


def test_a_majority_is_counted_as_anybody_would(study: Study) -> None:
    """Votes are the answers of the four samples; the most frequent share what is returned, and so does their mark."""
    exhibits, ties = _every(study, "majority"), 0
    for one in exhibits:
        votes = Counter(sample.answer for sample in one.samples if sample.counted)
        assert {tally.answer: tally.votes for tally in one.tallies} == votes and votes.total() == 4
        best = [answer for answer, count in votes.items() if count == max(votes.values())]
        assert {tally.answer for tally in one.answers} == set(best)
        assert all(tally.chance == pytest.approx(1 / len(best)) for tally in one.answers)
        assert one.mark == pytest.approx(sum((answer == one.reference) / len(best) for answer in best))
        ties += len(best) > 1
        assert say_answers(one).startswith("shared: ") == (len(best) > 1)
    assert ties and {one.verdict for one in exhibits} >= {"right", "wrong"}


def test_best_of_returns_the_highest_rating(study: Study) -> None:
    """Every sample has its rating, and what is returned is the best-rated one's."""
    for one in _every(study, "best_of"):
        ratings = [sample.rating for sample in one.samples]
        assert all(rating is not None for rating in ratings)
        best = [sample for sample in one.samples if sample.rating == max(rating for rating in ratings if rating)]
        assert sum(sample.chance for sample in best) == pytest.approx(1.0)


def test_weights_are_shares_that_decide(study: Study) -> None:
    """The weights add up to one, and the heaviest answer is the one that is returned."""
    for one in _every(study, "weighted"):
        weights = [tally.weight or 0.0 for tally in one.tallies]
        assert sum(weights) == pytest.approx(1.0)
        assert weights[0] == max(weights)


def test_what_an_early_stop_never_saw_does_not_count(study: Study) -> None:
    """Two that agree end the vote: the other two are shown as not counted."""
    lengths = set()
    for one in _every(study, "early_stop"):
        counted = [sample for sample in one.samples if sample.counted]
        lengths.add(len(counted))
        assert (counted[0].answer == counted[1].answer) == (len(counted) == 2)
        assert sum(tally.votes for tally in one.tallies) == len(counted)
    assert lengths == {2, 4}


def test_a_score_is_that_of_the_scorecard(study: Study) -> None:
    """`expected` is the scorecard's number for the example, on dev."""
    policy = study.browser().winner()
    card = study.parts.evaluate.cards[policy]
    scores = dict(zip(card.examples, card.scores, strict=True))
    dev = [one for one in study.browser().exhibition(policy).shown if one.example in scores]
    assert len(dev) == len(scores)
    assert all(one.expected == pytest.approx(scores[one.example]) for one in dev)


def test_a_sample_that_failed_is_shown_beside_the_one_in_its_place(study: Study) -> None:
    """Its reason stands there, it is not counted, and as many others are."""
    browser = study.browser()
    source = Source("plain", "nano", 1.0)
    example = browser.parts.plan.task.dev[0]
    request = study.parts.readings.request(source, example)
    last = max(sample.replicate for sample in study.parts.pool.load([request.key])[request.key])
    fresh = [
        Sample(last + 1, "", finish="error", error="timed out"),
        *(Sample(last + 2 + place, "answer: 7", input_tokens=1) for place in range(60)),
    ]
    study.parts.pool.keep([(request, fresh)])
    study.parts.readings.add(request.key, fresh)
    policy = Policy(source, "majority", last + 3)
    shown = browser.show(policy, example.id)
    failed = next(sample for sample in shown.samples if sample.error)
    assert failed.error == "timed out" and not failed.counted and failed.chance == 0
    assert sum(sample.counted for sample in shown.samples) == policy.n


def test_names_are_those_that_reports_write(study: Study) -> None:
    """The winner by default, any policy by its name, and the nearest one where there is none."""
    browser = study.browser()
    assert browser.policy(None) == study.findings().winner.policy
    some = study.plan.space.policies()[-1]
    assert browser.policy(str(some)) == some
    with pytest.raises(UserError, match=r"did you mean 'plain x majority of 4 on nano, T=1'"):
        browser.policy("plain x majorty of 4 on nano")
    with pytest.raises(UserError, match="did you mean"):
        browser.show(browser.winner(), "no such")


def test_sealed_examples_are_not_there_while_the_seal_is_closed(tmp_path: Path) -> None:
    """An example of the sealed half is refused until the study has ended, and an unjudged study says so."""
    write_exam(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY.format(calls=500), encoding="utf-8")
    with Study(read_study(tmp_path / "study.yaml")) as study:
        with pytest.raises(UserError, match="sealed until the search has ended"):
            study.browser().show(next(iter(study.plan.space.policies())), study.plan.task.sealed[0].id)
        with pytest.raises(NothingToReport, match="no policy has been judged yet"):
            study.browser().policy(None)
