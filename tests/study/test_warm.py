"""A study that begins with another one: what it takes over, what it tries first, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jointopt.analysis import to_json, verdict
from jointopt.config import read_study
from jointopt.domain import Policy, Preference, Scorecard, Source
from jointopt.errors import StorageError, StudyFileError, UnknownStudy
from jointopt.storage import Studies, open_database
from jointopt.study import Study
from jointopt.study.kept import read_kept
from jointopt.study.warm import FIRST, alike, begin_warm, best_on, rename
from tests.study.crowd import File

WriteStudy = Callable[[int], Path]
STEPS = 'steps: "{question} think step by step."'
NEW_PROMPTS = {'plain: "{question}"': 'short: "{question} be brief."', STEPS: 'aloud: "{question} think aloud."'}
NEW_MODEL = {"nano: {endpoint: embedded/nano": "micro: {endpoint: embedded/micro"}


@pytest.fixture
def old(small_study: WriteStudy) -> Path:
    """A study that has been run; its file."""
    file = small_study(300)
    with Study(read_study(file)) as study:
        study.run()
    return file


def _beside(old: Path, *lines: str, **changes: str) -> Path:
    """A second study file beside the first, of the name `new`."""
    text = old.read_text()
    for before, after in {"name: small": "name: new", **changes}.items():
        assert before in text
        text = text.replace(before, after)
    file = old.with_name("new.yaml")
    file.write_text(text + "".join(f"{line}\n" for line in lines))
    return file


def test_samples_of_another_storage_are_copied_and_never_bought_again(old: Path) -> None:
    """The same prompts on the same model: what the other study drew costs nothing, and the report says what it saved.

    The other storage may be gone afterwards; who paid there is no study of this storage.
    """
    file = _beside(old, "storage: sqlite:///new.db", "warm_start: {study: small, storage: jointopt.db}")
    with Study(read_study(old), create=False) as first:
        theirs, keys = first.parts.ledger.spent(), first.parts.readings.request_keys()
        before = first.parts.pool.load(keys)
    with Study(read_study(file)) as study:
        findings = study.run()
        assert study.parts.ledger.audit() == []
        after = study.parts.pool.load(keys)
        assert study.parts.studies.names() == ["new"]
        assert study.parts.pool.failed_counts() == {}
    taken = findings.taken_over
    assert taken is not None and (taken.study, taken.examples) == ("small", 24)
    assert taken.samples == sum(map(len, before.values())) == theirs.calls
    assert taken.tokens == theirs.tokens and taken.usd == pytest.approx(theirs.usd)
    assert all(after[key][: len(samples)] == samples for key, samples in before.items())
    assert findings.counts.samples == findings.spend.calls + taken.samples
    (said,) = [line for line in verdict(findings) if line.startswith("Warm start from 'small'")]
    assert f"{taken.samples:,} samples were taken over" in said
    old.with_name("jointopt.db").unlink()
    with Study(read_study(file)) as again:
        assert again.run().taken_over == taken


def test_who_goes_on_by_name_needs_the_other_storage_no_more(old: Path) -> None:
    """All that the study may ask for is copied before its search begins; before that, who cannot reach it says so."""
    file = _beside(old, "storage: sqlite:///new.db", "warm_start: {study: small, storage: jointopt.db}")
    plan = read_study(file)
    with Study(plan) as begun:
        by_name = read_kept(plan.storage, "new")
        assert by_name.warm_start is None
        with Study(by_name) as early, pytest.raises(StorageError, match=r"begins with study 'small' of .*jointopt\.db"):
            early.run()
        assert File(old.with_name("new.db")).say("SELECT count(*) FROM jointopt_samples") == [(0,)]
        assert begin_warm(begun.begin_anew())
    old.with_name("jointopt.db").rename(old.with_name("gone.db"))
    with Study(by_name) as again:
        taken = again.run().taken_over
    old.with_name("gone.db").rename(old.with_name("jointopt.db"))
    with Study(read_study(old), create=False) as first:
        lent = first.parts.ledger.spent().calls
    assert taken is not None and taken.samples == lent > 0


def test_second_looks_are_taken_over_too(old: Path) -> None:
    """What a strategy asked about a sample is a request like any other: under the same policies nothing is bought."""
    looks = {"strategies: [single, majority, best_of]": "strategies: [single, refine]", "n: [1, 2, 4]": "n: [1, 2]"}
    first = _beside(old, "storage: sqlite:///looks.db", "trials: 3", **looks)
    with Study(read_study(first)) as study:
        study.run()
    warm = ("storage: sqlite:///again.db", "trials: 3", "warm_start: {study: new, storage: looks.db}")
    with Study(read_study(_beside(old, *warm, **looks))) as study:
        drawn = study.run().counts.samples
        lent = study.parts.pool.lent(study.parts.readings.request_keys())
        requests = {
            study.parts.readings.request(source, example).key
            for source in study.plan.space.sources()
            for example in study.plan.task.dev
        }
        assert set(study.parts.readings.request_keys()) - requests
        assert study.parts.draw.tally.bought == 0
    assert lent.samples == drawn > 0


def test_a_study_of_the_same_storage_lends_what_it_drew(old: Path) -> None:
    """Nothing is copied, and the number is the same; each procedure may look at as much as joint search saw."""
    with Study(read_study(_beside(old, "warm_start: small"))) as study:
        findings = study.run()
        lent = study.parts.pool.lent(study.parts.readings.request_keys())
    assert findings.taken_over is not None
    assert findings.taken_over.samples == lent.samples > 0
    assert findings.comparison[0].calls > findings.spend.calls
    assert findings.taken_over.first
    assert to_json(findings)


@pytest.mark.parametrize("changes", [NEW_PROMPTS, NEW_MODEL], ids=["new prompts", "a new model"])
def test_where_no_sample_is_shared_the_best_policies_are_tried_first(old: Path, changes: dict[str, str]) -> None:
    """The first trials are the policies most like the other study's best: its strategy and n, under what is new."""
    with Study(read_study(old), create=False) as first:
        best = best_on(first.parts.evaluate.cards.values(), {one.id for one in first.plan.task.dev}, Preference())
    with Study(read_study(_beside(old, "warm_start: small", **changes))) as study:
        findings = study.run()
        trials = study.trials.get_trials()
    taken = findings.taken_over
    assert taken is not None and taken.samples == 0
    assert 0 < len(taken.first) <= FIRST
    assert taken.first[0].tactic == best[0].tactic
    tried = [json.loads(trial.user_attrs["scorecard"])["policy"] for trial in trials[: len(taken.first)]]
    assert tried == [str(policy) for policy in taken.first][: len(tried)]


def test_a_warm_study_goes_on_without_its_key_and_begins_no_second_time(old: Path) -> None:
    """The key is no change of the study: it can be dropped or added, and what was tried first is remembered."""
    with Study(read_study(_beside(old, "warm_start: small", **NEW_MODEL))) as study:
        first = study.run().taken_over
    with Study(read_study(_beside(old, **NEW_MODEL))) as study:
        assert study.findings().taken_over == first


def test_bad_beginnings_are_refused_with_the_mend(old: Path) -> None:
    """Itself, an unknown study, a storage that is not there, one of a newer layout: and no study is begun."""
    cases = [
        ("warm_start: new", StudyFileError, "cannot begin with itself"),
        ("warm_start: smal", UnknownStudy, "did you mean 'small'?"),
        ("warm_start: {study: small, storage: no.db}", StorageError, "does not exist"),
        ("warm_start: {study: small, storage: newer.db}", StorageError, "written by a newer jointopt"),
    ]
    newer = open_database(f"sqlite:///{old.with_name('newer.db')}")
    with newer.write() as connection:
        connection.exec_driver_sql("UPDATE jointopt_schema SET version = 99")
    newer.close()
    for line, kind, said in cases:
        with pytest.raises(kind, match=said.replace("?", r"\?")) as refused:
            Study(read_study(_beside(old, line)))
        assert refused.value.mend
    with Study(read_study(old), create=False) as study:
        assert Studies(study.parts.database).names() == ["small"]


def test_a_study_of_another_task_is_refused(old: Path) -> None:
    """None of its examples was asked there: the message says how many; where one is shared it may begin."""
    rows = [json.dumps({"question": f"what is {n} plus {n} ?", "answer": f"{2 * n}"}) for n in range(900, 924)]
    old.with_name("sums.jsonl").write_text("\n".join(rows))
    file = _beside(old, "warm_start: small", **{"data: examples.jsonl": "data: sums.jsonl"})
    with pytest.raises(StudyFileError, match=r"another task: of 24 examples it shares none") as refused:
        Study(read_study(file))
    assert "name a study of the same examples" in refused.value.mend
    known = old.with_name("examples.jsonl").read_text().splitlines()[:4]
    old.with_name("sums.jsonl").write_text("\n".join([*known, *rows]))
    with Study(read_study(file)) as study:
        assert study.parts.lender is not None
        assert len(study.parts.lender.examples) == 4


def test_a_study_that_helps_in_nothing_is_refused(old: Path) -> None:
    """Other prompts and no strategy in common: the message says what must be the same."""
    changes = {
        **NEW_PROMPTS,
        "strategies: [single, majority, best_of]": "strategies: [short_first]",
        "[1, 2, 4]": "[2, 4]",
    }
    file, said = _beside(old, "warm_start: small", **changes), "no sample of the same request, and no policy"
    with Study(read_study(file)) as study, pytest.raises(StudyFileError, match=said) as refused:
        study.run()
    assert "seed" in refused.value.mend and "take warm_start out" in refused.value.mend


def _card(policy: Policy, **scores: float) -> Scorecard:
    values, zeros = np.array(list(scores.values())), np.zeros(len(scores))
    return Scorecard(policy, tuple(scores), values, zeros, zeros, zeros, np.ones(len(scores), dtype=np.int64))


def test_what_is_sealed_here_does_not_say_where_to_begin() -> None:
    """A policy that shone on examples that are sealed here is no better for it; fewer common examples do not count."""
    one, two, three = (Policy(Source(name, "m", 1.0), "single", 1) for name in ("one", "two", "three"))
    cards = [_card(one, a=0, b=0, c=1, d=1), _card(two, a=1, b=0, c=0, d=0), _card(three, a=1)]
    assert best_on(cards, {"a", "b"}, Preference()) == [two, one]
    assert best_on(cards, {"c", "d"}, Preference()) == [one, two]
    assert best_on(cards, {"elsewhere"}, Preference()) == []
    wanted = Preference(objectives=(("unknown there", 1.0),))
    assert best_on(cards, {"a", "b"}, wanted) == [two, one]


def test_the_most_alike_have_the_same_parts_and_the_nearest_n(old: Path) -> None:
    """A new model meets the best tactic under the same prompt; where n is not to be had, the nearest; prompts are known
    by their words.
    """
    space = read_study(old).space
    best = Policy(Source("steps", "gone", 1.0), "majority", 16)
    (near,) = alike(space, [best])
    assert near == Policy(Source("steps", "nano", 1.0), "majority", 4)
    assert alike(space, [replace(best, strategy="refine")]) == []
    renamed = json.dumps({"prompts": {"old name": {"system": "", "user": "{question} think step by step."}}})
    other = replace(best, source=replace(best.source, prompt="old name"))
    assert rename(other, space, renamed) == best
    assert {policy.source.prompt for policy in alike(space, [other])} == {"plain", "steps"}
