"""Every sampler in a whole study, on real completions."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import optuna
import pytest

from jointopt.config import read_study
from jointopt.domain import Policy, Scorecard, Spend
from jointopt.errors import ModelError, StudyFileError
from jointopt.search import SAMPLERS, Bookmark, delete_trials
from jointopt.search.pooled import PooledView
from jointopt.study import Study
from jointopt.study.phases import Phases

WriteStudy = Callable[[int], Path]


def _with(file: Path, sampler: str) -> Path:
    file.write_text(file.read_text(encoding="utf-8") + f"sampler: {sampler}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("sampler", sorted(name for name in SAMPLERS if name != "gp" or find_spec("torch")))
def test_a_sampler_keeps_the_budget_and_records_ordinary_trials(small_study: WriteStudy, sampler: str) -> None:
    """It spends no more than promised, its trials are Optuna's, and the second run only says what the first found."""
    file = _with(small_study(600), sampler)
    with Study(read_study(file)) as study:
        findings = study.run()
        assert study.parts.ledger.audit() == []
        assert 0 < findings.spend.calls <= 600
        assert findings.winner.policy in study.plan.space.policies()
    trials = optuna.load_study(study_name="small", storage=study.plan.storage).get_trials()
    assert {name for trial in trials for name in trial.params} == {"prompt", "strategy", "n"}
    assert all(trial.state.is_finished() for trial in trials)
    with Study(read_study(file)) as again:
        assert again.run().winner == findings.winner
        assert again.parts.draw.tally.bought == 0


def _scores(cards: Mapping[Policy, Scorecard]) -> dict[Policy, list[float]]:
    """To the last bit."""
    return {policy: [*card.scores, *card.cost_usd, *card.latency_s] for policy, card in cards.items()}


PHASES = "search", "table", "sealed"


@pytest.mark.parametrize("forgotten", [("place", *PHASES), PHASES, PHASES[1:], PHASES[2:]], ids=len)
@pytest.mark.parametrize("sampler", ["joint", "tpe", "psst"])
def test_a_plan_that_goes_on_after_a_stop_ends_where_an_undisturbed_one_does(
    small_study: WriteStudy, sampler: str, forgotten: tuple[str, ...]
) -> None:
    """From its beginning, from where the plan was, or from a later phase: no sample is bought, no trial recorded twice,
    and all that the phases find is equal.
    """
    file = _with(small_study(600), sampler)
    with Study(read_study(file)) as study:
        found, id, register = study.run(), study.parts.row.id, study.parts.studies
        trials, spent = len(study.trials.get_trials()), study.parts.ledger.spent()
        ends, cards = [register.recall(id, phase) for phase in PHASES], study.parts.evaluate.cards
        assert register.recall(id, "place")["trials"] < trials
        for name in forgotten:  # as if the run had been stopped before it was written down
            register.record(id, name, None)
        register.set_state(id, "stopped")
    with Study(read_study(file)) as again:
        repeated = again.run()
        assert len(again.trials.get_trials()) == trials
        assert again.parts.ledger.spent() == spent
        assert [again.parts.studies.recall(id, phase) for phase in PHASES] == ends
        assert _scores(again.parts.evaluate.cards) == _scores(cards)
    assert repeated.winner == found.winner


JUDGED = """judges: {j: {model: nano}}
strategies: [single, majority, {best_of: {by: j}}]
"""


@pytest.mark.parametrize("calls", [640, 660, 700, 900])
def test_a_plan_whose_budget_ends_in_a_verdict_goes_on_after_it(
    small_study: WriteStudy, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """Samples that could not be judged any more are not judged by who goes on either."""
    monkeypatch.setattr(Bookmark, "write", lambda self, found: self._write(found()))  # in every round
    monkeypatch.setattr(PooledView, "_followed", lambda *given: Spend())  # so that the money ends within a round
    searching, file = Phases.search, _with(small_study(calls), "joint")
    text = file.read_text(encoding="utf-8").replace("strategies: [single, majority, best_of]\n", JUDGED)
    text = text.replace("n: [1, 2, 4]", "n: [1, 4, 8]")

    async def fall(self: Phases) -> dict[str, object]:
        """Stop before it is written down how the search has ended."""
        await searching(self)
        raise ModelError("stopped")

    def ends(name: str) -> list[object]:
        file.write_text(
            text.replace("name: small", f"name: {name}\nstorage: sqlite:///{file.parent}/{name}.db"), encoding="utf-8"
        )
        with Study(read_study(file)) as study:
            study.run()
            register, id = study.parts.studies, study.parts.row.id
            return [study.parts.ledger.spent(), *(register.recall(id, phase) for phase in PHASES)]

    undisturbed = ends("undisturbed")
    assert "is used up" in str(undisturbed)
    with monkeypatch.context() as here:
        here.setattr(Phases, "search", fall)
        with pytest.raises(ModelError, match="stopped"):
            ends("disturbed")
    assert ends("disturbed") == undisturbed


def test_a_plan_keeps_back_what_verdicts_cost(small_study: WriteStudy) -> None:
    """What follows from samples is paid for, too: the plan ends before the share of the search does."""
    file = _with(small_study(700), "joint")
    text = file.read_text(encoding="utf-8").replace("strategies: [single, majority, best_of]\n", JUDGED)
    file.write_text(text.replace("n: [1, 2, 4]", "n: [1, 4, 8]"), encoding="utf-8")
    with Study(read_study(file)) as study:
        assert study.run().ended.startswith("the budget is spent; a choice without doubt")


@pytest.mark.parametrize("sampler", ["joint", "psst", "random"])
def test_a_changed_study_has_trials_of_its_own(small_study: WriteStudy, sampler: str) -> None:
    """Those of the study as it was are kept under another name: Optuna lets no parameter have other choices."""
    file = _with(small_study(400), sampler)
    with Study(read_study(file)) as study:
        study.run()
        before = len(study.trials.get_trials())
    text = (
        file.read_text(encoding="utf-8").replace("n: [1, 2, 4]", "n: [1, 2, 4, 8]").replace("calls: 400", "calls: 900")
    )
    text = text.replace("  steps: ", '  terse: "{question} Only the answer."\n  steps: ')
    file.write_text(text, encoding="utf-8")
    with Study(read_study(file), force=True) as study:
        study.run()
        trials, storage = study.trials.get_trials(), study.plan.storage
    assert all(8 in vars(trial.distributions["n"])["choices"] for trial in trials)
    assert all(trial.state.is_finished() for trial in trials)
    aside = optuna.load_study(study_name="small, before change 1", storage=storage)
    assert len(aside.get_trials()) == before > 0
    delete_trials(storage, "small")
    assert optuna.get_all_study_names(storage) == []


@pytest.mark.parametrize(("sampler", "least"), [("joint", 214), ("tpe", 128), ("random", 128)])
def test_a_budget_too_small_to_tell_policies_apart_says_the_least(
    small_study: WriteStudy, sampler: str, least: int
) -> None:
    """Nothing is spent; with what the message names the study finds a winner."""
    file = _with(small_study(40), sampler)
    with Study(read_study(file)) as study:
        with pytest.raises(StudyFileError, match=f"allow {least} calls at least"):
            study.run()
        assert study.parts.ledger.spent().calls == 0
    file.write_text(file.read_text(encoding="utf-8").replace("calls: 40", f"calls: {least}"), encoding="utf-8")
    with Study(read_study(file), force=True) as study:
        assert 0 < study.run().spend.calls <= least


@pytest.mark.parametrize("sampler", ["joint", "tpe", "psst", "grid"])
def test_a_space_with_one_policy_is_scored_and_says_so(small_study: WriteStudy, sampler: str) -> None:
    """There is nothing to choose: one trial, and no word of a budget that is spent."""
    file = _with(small_study(600), sampler)
    text = file.read_text(encoding="utf-8").replace("[single, majority, best_of]", "[single]")
    text = text.replace("n: [1, 2, 4]", "n: [1]").replace('  steps: "{question} think step by step."\n', "")
    file.write_text(text, encoding="utf-8")
    with Study(read_study(file)) as study:
        found = study.run()
        assert len(study.trials.get_trials()) == 1
    assert found.ended == "the space has one policy, so there was nothing to choose"
    assert found.counts.sealed == 8
