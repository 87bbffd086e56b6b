"""What a study taught is kept with it, and said again only while nothing has changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from jointopt.analysis import to_json
from jointopt.config import Plan, read_study
from jointopt.domain import Sample
from jointopt.storage import SamplePool
from jointopt.study import Study
from jointopt.study.bundle import write_bundle
from jointopt.study.memory import KEY, Memory
from jointopt.study.unbundle import open_bundle
from tests.study.bundles import write_study

MADE_UP = "made up"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Of a study that has been run to its end."""
    plan = read_study(write_study(tmp_path_factory.mktemp("memory"), 300))
    with Study(plan) as study:
        study.run()
    return plan


def _refuse(*_: object) -> NoReturn:
    raise AssertionError("the pool was read")


def _make_up(study: Study) -> None:
    """Change what is kept, so that it shows who recalls it."""
    studies, number = study.parts.studies, study.parts.row.id
    kept = studies.recall(number, KEY)
    kept["findings"]["ended"] = MADE_UP
    studies.record(number, KEY, kept)


def test_findings_are_said_again_without_a_look_at_the_samples(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same findings, to the last bit, and a page that reads the winner's samples alone."""
    with Study(plan, create=False) as study:
        study.parts.studies.record(study.parts.row.id, KEY, None)
        found, page = study.findings(), study.report(study.findings())
    with Study(plan, create=False) as again:
        with monkeypatch.context() as patch:
            patch.setattr(SamplePool, "load", _refuse)
            said = again.findings()
        assert to_json(said) == to_json(found)
        assert again.report(said) == page


def _keep_a_sample(study: Study) -> None:
    source, example = next(study.plan.space.sources()), study.plan.task.dev[0]
    request = study.parts.readings.request(source, example)
    study.parts.pool.keep([(request, [Sample(900, "answer: 1")])])


def _take_longer(study: Study) -> None:
    study.parts.studies.set_elapsed(study.parts.row.id, study.parts.row.elapsed_s + 1)


def _run(study: Study) -> None:
    study.parts.studies.set_state(study.parts.row.id, "running")


def _try_another(study: Study) -> None:
    study.trials.ask()


@pytest.mark.parametrize("change", [_keep_a_sample, _take_longer, _run, _try_another])
def test_whatever_they_rest_on_changes_they_are_worked_out_anew(plan: Plan, change: Callable[[Study], None]) -> None:
    """A sample more, even another study's, time, a trial; and while the study runs nothing is recalled."""
    with Study(plan, create=False) as study:
        study.findings()
        _make_up(study)
        assert study.findings().ended == MADE_UP
        change(study)
        assert study.findings().ended != MADE_UP
        study.parts.studies.set_state(study.parts.row.id, "finished")


def test_a_study_file_that_was_renamed_is_told_of_by_its_new_name(plan: Plan) -> None:
    """The command to type is one of the findings, and it names the file."""
    with Study(plan, create=False) as study:
        assert plan.path.name in study.findings().command
    with Study(replace(plan, path=plan.path.with_name("renamed.yaml")), create=False) as study:
        assert "renamed.yaml" in study.findings().command


def test_a_bundle_can_make_no_findings_up(plan: Plan, tmp_path: Path) -> None:
    """They are not carried along, and whatever a bundle holds in their place is not believed."""
    with Study(plan, create=False) as study:
        study.findings()
        write_bundle(study, tmp_path / "a.bundle")
    with open_bundle(tmp_path / "a.bundle") as opened:
        assert opened.parts.studies.recall(opened.parts.row.id, KEY) is None
        found = Memory(opened.parts, opened.trials, trusted=True).say(opened.findings)
        _make_up(opened)
        assert Memory(opened.parts, opened.trials, trusted=True).say(opened.findings).ended == MADE_UP
        assert opened.findings().ended == found.ended


def test_what_a_run_says_is_what_everybody_finds_afterwards(tmp_path: Path) -> None:
    """To the last bit: it is kept."""
    plan = read_study(write_study(tmp_path, 300))
    with Study(plan) as study:
        found = study.run()
    with Study(plan, create=False) as onlooker:
        number, studies = onlooker.parts.row.id, onlooker.parts.studies
        assert to_json(onlooker.findings()) == to_json(found)
        studies.record(number, KEY, None)
    with Study(plan, create=False) as again:
        assert to_json(again.findings()) == to_json(found)


def test_families_that_are_named_otherwise_are_found_anew(plan: Plan) -> None:
    """They decide nothing about the study, but reports tell of them."""
    with Study(plan, create=False) as study:
        study.findings()
        _make_up(study)
        assert study.findings().ended == MADE_UP
    prompts = {name: replace(prompt, family="slow") for name, prompt in plan.space.prompts.items()}
    with Study(replace(plan, space=replace(plan.space, prompts=prompts)), create=False) as named:
        assert named.findings().ended != MADE_UP
