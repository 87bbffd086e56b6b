"""The canary in whole studies, against a real server behind whose name the model changes."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from jointopt.config import read_study
from jointopt.errors import ModelDrift, ModelError
from jointopt.study import Study
from jointopt.study.canary import EXAMPLES, PHASE, Watch
from tests.hostile import faults
from tests.hostile.exchange import Exchange
from tests.hostile.faults import Fault
from tests.hostile.server import Server, serving

STUDY = """
name: watched
task:
  data: examples.jsonl
  fields: {{question: question, answer: answer}}
  sealed: 8
  grader: {{name: exact, after: "gives"}}
prompts: {{plain: "{{question}}", again: "once more: {{question}}"}}
models:
  far: {{endpoint: hosted_vllm/m, base_url: "{url}", price: 0, max_tokens: 64, patience: 1s}}
strategies: [single, majority]
n: [1, 2, 4]
budget: {{calls: {calls}}}
seed: 3
"""
WRONG = faults.status(401, "no such key")


@pytest.fixture
def server() -> Iterator[Server]:
    """Answers repeat at temperature 0, and only there."""
    with serving(settled=True) as server:
        yield server


@pytest.fixture
def study(tmp_path: Path, server: Server) -> Callable[..., Path]:
    """Writes a study of the server's model, and returns its path."""

    def write(calls: int = 400) -> Path:
        lines = [json.dumps({"question": f"number {number}?", "answer": str(number % 10)}) for number in range(24)]
        (tmp_path / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        file = tmp_path / "study.yaml"
        file.write_text(STUDY.format(url=server.url, calls=calls), encoding="utf-8")
        return file

    return write


def _changed(which: Callable[[str], bool]) -> Fault:
    """Another model answers some of the questions."""

    def edit(exchange: Exchange) -> Callable[[dict[str, Any]], None]:
        asked = exchange.asked.body["messages"][-1]["content"]

        def change(choice: dict[str, Any]) -> None:
            choice["message"]["content"] += " indeed" if which(asked) else ""

        return change

    return Fault("changed", lambda exchange: exchange.honest(edit=edit(exchange)))


def _stop(file: Path, server: Server, *, force: bool = False) -> None:
    """Run the study, and stop it as soon as it has bought something of its own."""
    good, seen = server.script, count()

    def cut_off(exchange: Exchange) -> Fault:
        return good(exchange) if _cold(exchange.asked.body) or next(seen) < 5 else WRONG

    server.behave(cut_off)
    with Study(read_study(file), force=force) as study, pytest.raises(ModelError):
        study.run()
    server.behave(good)


def _pins(server: Server, since: int = 0) -> list[str]:
    return [request.body["messages"][-1]["content"] for request in server.asked[since:] if _cold(request.body)]


def _cold(body: Any) -> bool:
    return bool(body["temperature"] == 0)


def test_a_study_begins_with_pinned_requests_that_are_paid_for(study: Callable[..., Path], server: Server) -> None:
    """Four questions, twice each and first of all; the ledger and the server's bill agree."""
    with Study(read_study(study())) as opened:
        opened.run()
        ledger, unwatched = opened.parts.ledger, opened.unwatched()
        spent, pinned, audit = ledger.spent(), ledger.by_phase()[PHASE], ledger.audit()
    assert [request.body["temperature"] for request in server.asked[:9]] == [0] * 8 + [1]
    assert len(_pins(server)) == pinned.calls == 2 * EXAMPLES
    assert (spent.calls, spent.tokens) == (server.bill.completions, server.bill.tokens) and spent.calls <= 400
    assert audit == [] and unwatched == {}


def test_a_model_that_is_the_same_goes_on(study: Callable[..., Path], server: Server) -> None:
    """Each pinned request is asked once more; a finished study asks nothing."""
    file = study()
    _stop(file, server)
    before = len(server.asked)
    with Study(read_study(file)) as opened:
        opened.run()
        assert len(_pins(server, before)) == EXAMPLES
        before = len(server.asked)
        opened.run()
    with Study(read_study(file)) as opened:
        opened.run()
    assert len(server.asked) == before


def test_drift_is_told_before_a_sample_is_bought(study: Callable[..., Path], server: Server) -> None:
    """By name and number, every time, until --force goes on; then the model as it is now is the one that is watched."""
    file = study(800)
    _stop(file, server)
    server.behave(_changed(lambda asked: True))
    for _ in range(2):
        before = len(server.asked)
        with Study(read_study(file)) as opened, pytest.raises(ModelDrift) as told:
            opened.run()
        assert all(_cold(request.body) for request in server.asked[before:])
        assert len(server.asked) - before <= 2 * EXAMPLES
        assert "'far'" in str(told.value) and "4 of 4" in str(told.value) and "--force" in str(told.value)
    _stop(file, server, force=True)
    with Study(read_study(file)) as opened:
        assert opened.run().spend.calls <= 800


def test_drift_stays_told_where_the_budget_allows_no_further_look(study: Callable[..., Path], server: Server) -> None:
    """Running again and again is no way around it."""
    file = study()
    _stop(file, server)
    server.behave(_changed(lambda asked: True))
    looks = []
    for _ in range(4):
        before = len(server.asked)
        with Study(read_study(file)) as opened, pytest.raises(ModelDrift, match="4 of 4"):
            opened.run()
        looks.append(len(server.asked) - before)
    assert looks[0] > 0 and looks[-1] == 0


def test_a_model_that_is_as_it_was_again_goes_on(study: Callable[..., Path], server: Server) -> None:
    """What was told is forgotten when the answers are the old ones."""
    file = study(1000)
    _stop(file, server)
    server.behave(_changed(lambda asked: True))
    with Study(read_study(file)) as opened, pytest.raises(ModelDrift):
        opened.run()
    server.behave(faults.HONEST)
    with Study(read_study(file)) as opened:
        opened.run()
        assert opened.finished


def test_one_changed_answer_is_no_other_model(study: Callable[..., Path], server: Server) -> None:
    """A single question may read otherwise by chance."""
    file = study()
    _stop(file, server)
    first = _pins(server)[0]
    server.behave(_changed(lambda asked: asked == first))
    with Study(read_study(file)) as opened:
        opened.run()
        assert opened.finished and opened.unwatched() == {}


@pytest.mark.parametrize(
    ("steady", "changed", "drifted"), [(4, 4, True), (4, 3, True), (4, 2, False), (2, 2, True), (1, 1, False)]
)
def test_drift_is_two_changes_and_more_than_half(steady: int, changed: int, *, drifted: bool) -> None:
    """Of the answers that repeated themselves."""
    assert Watch(steady, changed).drifted is drifted


def test_a_model_that_never_repeats_itself_is_not_watched(study: Callable[..., Path], server: Server) -> None:
    """It is said, and the study goes on however it answers."""
    server.settled, file = False, study()
    _stop(file, server)
    with Study(read_study(file)) as opened:
        opened.run()
        assert "do not repeat" in opened.unwatched()["far"]


def test_a_small_budget_has_no_canary(study: Callable[..., Path], server: Server) -> None:
    """Eight calls are more than 2% of 300: left out, and said."""
    with Study(read_study(study(300))) as opened:
        opened.run()
        assert "2%" in opened.unwatched()["far"]
    assert _pins(server) == []
    with Study(read_study(study(300)), create=False) as opened:
        assert "2%" in opened.unwatched()["far"]


def test_a_model_that_refuses_temperature_0_is_not_watched(study: Callable[..., Path], server: Server) -> None:
    """The study does not ask for it, and goes on."""

    def act(exchange: Exchange) -> None:
        if _cold(exchange.asked.body):
            exchange.refuse(400, "'temperature' does not support 0", code="unsupported_value", param="temperature")
        else:
            exchange.honest()

    server.behave(Fault("refuses", act))
    with Study(read_study(study())) as opened:
        opened.run()
        assert opened.finished and "temperature 0" in opened.unwatched()["far"]


def test_a_wrong_key_is_one_line_and_few_requests(study: Callable[..., Path], server: Server) -> None:
    """The canary finds it before anything else is asked."""
    server.behave(WRONG)
    with Study(read_study(study())) as opened, pytest.raises(ModelError, match="refuses the key"):
        opened.run()
    assert len(server.asked) <= EXAMPLES


def test_models_in_this_process_are_not_asked(small_study: Callable[[int], Path]) -> None:
    """The embedded model cannot change behind its name."""
    with Study(read_study(small_study(600))) as opened:
        opened.run()
        assert PHASE not in opened.parts.ledger.by_phase() and opened.unwatched() == {}
