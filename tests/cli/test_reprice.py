"""``jointopt reprice``: the same samples under other prices and latencies, and nothing asked, reserved or written."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jointopt.cli.main import app
from jointopt.cli.reprice import read_latency, read_price
from jointopt.domain import Latency
from jointopt.errors import ModelError, UserError
from tests.exam import write_exam

STUDY = """
name: small
task:
  data: examples.jsonl
  fields: {question: question, answer: answer}
  sealed: 8
  grader: {name: exact, after: "answer:"}
prompts: {plain: "{question}", steps: "{question} think step by step."}
models:
  nano: {endpoint: embedded/nano, max_tokens: 48, concurrency: 64, price: {input: 1, output: 2}}
strategies: [single, majority, best_of]
n: [1, 2, 4]
budget: {calls: 400}
preference: {cost_usd: 1000}
preferences: {cost_usd: [0, 5000], latency_s: [0, 1]}
seed: 3
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a study that has run to its end."""
    folder = tmp_path_factory.mktemp("study")
    write_exam(folder)
    file = folder / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    assert CliRunner().invoke(app, ["run", str(file)]).exit_code == 0
    return file


def _said(study: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["reprice", str(study), *options, "--json"])
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def _written(study: Path) -> list[str]:
    with sqlite3.connect(study.parent / "jointopt.db") as database:
        return list(database.iterdump())


def test_under_the_same_prices_nothing_changes(study: Path) -> None:
    """Every number and every place is exactly what it was, whether the prices are repeated or left out."""
    for options in ((), ("--price", "nano=input:1,output:2", "--latency", "nano=1x")):
        said = _said(study, *options)
        assert said["policies"]
        for entry in said["policies"]:
            assert entry["before"] == entry["after"]
            assert entry["place"]["before"] == entry["place"]["after"]
        for name in ("leader", "preferred", "frontier"):
            assert said[name]["before"] == said[name]["after"]


def test_dearer_output_ranks_anew(study: Path) -> None:
    """Worked out by hand from the numbers before: the cheap policy wins, and scores stay as they are."""
    said, half = _said(study, "--price", "nano=output:40"), _said(study, "--price", "nano=output:0")
    free = {json.dumps(entry["policy"]): entry["after"]["cost_usd"] for entry in half["policies"]}
    for entry in said["policies"]:
        before, after = entry["before"], entry["after"]
        prompt = free[json.dumps(entry["policy"])]
        assert after["cost_usd"] == pytest.approx(prompt + 20 * (before["cost_usd"] - prompt))
        assert after["utility"] == pytest.approx(after["score"] - 1000 * after["cost_usd"])
        assert (before["score"], before["tokens"]) == (after["score"], after["tokens"])
    utilities = [entry["after"]["utility"] for entry in said["policies"]]
    assert utilities == sorted(utilities, reverse=True)
    assert said["leader"]["after"]["strategy"] == "single"
    assert said["leader"]["after"] == said["policies"][0]["policy"]


def test_every_part_of_a_price_counts(study: Path) -> None:
    """A fee is paid once for each request: all these strategies ask once. Free is free."""
    fee = _said(study, "--price", "nano=request:0.25")
    assert all(
        entry["after"]["cost_usd"] - entry["before"]["cost_usd"] == pytest.approx(0.25) for entry in fee["policies"]
    )
    assert all(entry["after"]["cost_usd"] == 0 for entry in _said(study, "--price", "nano=0")["policies"])


def test_latencies_are_times_or_seconds(study: Path) -> None:
    """Twice as long, or as many seconds for every request."""
    for entry in _said(study, "--latency", "nano=2x")["policies"]:
        assert entry["after"]["latency_s"] == pytest.approx(2 * entry["before"]["latency_s"])
    for entry in _said(study, "--latency", "nano=1.5s")["policies"]:
        assert entry["after"]["latency_s"] == pytest.approx(1.5)


def test_nothing_is_asked_and_nothing_is_written(study: Path) -> None:
    """The database is the same to the last row, the ledger among them."""
    before = _written(study)
    shown = CliRunner().invoke(app, ["reprice", str(study), "--price", "nano=output:40", "--latency", "nano=2x"])
    assert shown.exit_code == 0, shown.output
    assert _written(study) == before
    for words in ("no call was made", "leader before", "leader now", "output:2 -> ", "Best under", "Frontier"):
        assert words in shown.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--price", "nan=0"), ["unknown model 'nan'", "did you mean 'nano'"]),
        (("--latency", "nan=2x"), ["unknown model 'nan'", "did you mean 'nano'"]),
        (("--price", "nano=outpt:1"), ["unknown part of a price 'outpt'", "did you mean 'output'"]),
        (("--price", "nano=output:-1"), ["'-1' is no price", "0 or more"]),
        (("--price", "nano=output:1,output:2"), ["'output' is there twice"]),
        (("--price", "nano=input:1,cached_input:2"), ["2 is more than input at 1", "cached_input:1"]),
        (("--price", "nano"), ["names no model", "--price MODEL="]),
        (("--price", "nano=0", "--price", "nano=input:1"), ["model 'nano' is there twice"]),
    ],
)
def test_what_makes_no_sense_is_refused(study: Path, options: tuple[str, ...], words: list[str]) -> None:
    """With the value and the mend."""
    refused = CliRunner().invoke(app, ["reprice", str(study), *options])
    assert isinstance(refused.exception, UserError)
    assert all(word in str(refused.exception) for word in words)


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e999", "-0.1", "", "input", "output:", "5"])
def test_no_number_is_no_price(text: str) -> None:
    """Only 0 may stand alone; what is not finite is no number."""
    with pytest.raises(ModelError):
        read_price(text if text in ("input", "output:", "5") else f"output:{text}", "--price")


@pytest.mark.parametrize("text", ["2", "x", "s", "-1x", "2y", "infs", "2 x"])
def test_no_unit_is_no_latency(text: str) -> None:
    """Times end in x, seconds in s."""
    with pytest.raises(ModelError, match="is no latency"):
        read_latency(text, "--latency")


def test_a_latency_is_read() -> None:
    """Both ways of writing it."""
    assert (read_latency("0.5x", ""), read_latency("2s", "")) == (Latency(times=0.5), Latency(seconds=2.0))


def test_a_study_that_never_ran_is_refused(tmp_path: Path) -> None:
    """There is nothing to rank, and no database is made for it."""
    (tmp_path / "examples.jsonl").write_text('{"question": "1 + 1", "answer": "2"}\n' * 24, encoding="utf-8")
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    refused = CliRunner().invoke(app, ["reprice", str(file), "--price", "nano=0"])
    assert isinstance(refused.exception, UserError)
    assert not list(tmp_path.glob("*.db"))
