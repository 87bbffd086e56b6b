"""A recorded table as a provider: the same answers to whoever asks, and a clear word where there are none."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jointopt.config import changes, read_study
from jointopt.domain import Message, Model, Price, Request
from jointopt.errors import ModelError, ProviderError, StudyFileError
from jointopt.providers import connect, lacks_logprobs
from jointopt.providers.replay import Replay
from jointopt.study import Study

Write = Callable[..., Model]


def line(prompt: str = "plain", example: str = "q1", **fields: Any) -> dict[str, Any]:
    """One recorded answer."""
    return {"prompt": prompt, "example": example, "answer": "A"} | fields


def ask(
    model: Model, prompt: str = "plain", example: str = "q1", *, seed: int = 0, temperature: float = 1.0
) -> Request:
    """A request that says what it means in a line of its prompt."""
    messages = Message("system", "Be brief."), Message("user", f"What?\nprompt={prompt} example={example}")
    return Request(model, messages, temperature, seed)


def _beside(folder: Path) -> Callable[[str], bytes]:
    """Reads files of a folder."""
    return lambda name: (folder / name).read_bytes()


@pytest.fixture
def samples(tmp_path: Path) -> Write:
    """Writes a table of samples, and returns the model that replays it."""

    def write(lines: Sequence[object], *, name: str = "table.jsonl", **settings: Any) -> Model:
        text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
        data = text.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        return Model("m", f"replay/{name}", read_file=_beside(tmp_path), **settings)

    return write


@pytest.fixture
def shares(tmp_path: Path) -> Write:
    """Writes a table of shares, and returns the model that replays it."""

    def write(probs: object, **arrays: Any) -> Model:
        np.savez(tmp_path / "shares.npz", probs=np.array(probs), **arrays)
        return Model("m", "replay/shares.npz", read_file=_beside(tmp_path))

    return write


@pytest.mark.parametrize("name", ["table.jsonl", "table.jsonl.gz"])
async def test_a_replicate_is_the_recorded_one_in_whatever_order_it_is_asked_for(samples: Write, name: str) -> None:
    """Lines stand in any order, and so do requests."""
    model = samples([line(replicate=k, text=f"text {k}", answer="A") for k in (2, 0, 1)], name=name)
    provider = connect(model)
    assert isinstance(provider, Replay)
    found = await provider.complete(ask(model), [2, 0])
    assert [(sample.replicate, sample.text) for sample in found] == [(2, "text 2"), (0, "text 0")]
    assert (await provider.complete(ask(model, seed=9), [1]))[0].text == "text 1"


async def test_what_is_recorded_is_billed_and_the_prompt_once(samples: Write) -> None:
    """Tokens are the record's, at the study's price; without a price nothing is paid."""
    lines = [line(input_tokens=100, output_tokens=9.6, logprob=-0.5, latency_s=2) for _ in range(2)]
    model = samples(lines, price=Price(1.0, 10.0))
    first, second = await Replay().complete(ask(model), [0, 1])
    assert (first.input_tokens, first.output_tokens, second.input_tokens) == (100, 10, 0)
    assert (first.cost_usd, second.cost_usd) == pytest.approx((200e-6, 100e-6))
    assert (first.logprob, first.latency_s, Replay().count_tokens(ask(model))) == (-0.5, 2, 100)
    assert Replay().price(samples(lines)) == Price()
    model = samples(lines, price=Price(1.0, 10.0, request_usd=0.5))
    assert [sample.cost_usd for sample in await Replay().complete(ask(model), [0, 1])] == pytest.approx([0.5002, 1e-4])


async def test_an_answer_that_is_none_is_an_empty_text(samples: Write) -> None:
    """It was given, holds no answer, and has no log-probability."""
    model = samples([line(answer=None)])
    (sample,) = await Replay().complete(ask(model), [0])
    assert (sample.text, sample.error, sample.logprob, sample.output_tokens) == ("", None, None, 0)
    assert not lacks_logprobs(ask(model), [sample])


async def test_beyond_the_record_it_says_how_many_there_are(samples: Write) -> None:
    """None of them is an error; some of them are samples beside one that says why."""
    model = samples([line(), line(), line("steps", "q2")])
    with pytest.raises(ProviderError, match="2 samples of prompt 'plain', example 'q1' are recorded"):
        await Replay().complete(ask(model), [2])
    with pytest.raises(ProviderError, match="0 samples of prompt 'steps', example 'q1'"):
        await Replay().complete(ask(model, "steps"), [0])
    good, failed = await Replay().complete(ask(model), [1, 2])
    assert (good.error, failed.finish, failed.replicate) == (None, "error", 2)
    assert failed.error and "2 samples" in failed.error


@pytest.mark.parametrize(
    ("prompt", "example", "message"),
    [
        ("plian", "q1", "no prompt 'plian' is recorded(.|\n)*did you mean 'plain'"),
        ("plain", "zz", "no example 'zz' is recorded(.|\n)*it has q1"),
    ],
)
async def test_an_unknown_name_is_refused_with_the_nearest(
    samples: Write, prompt: str, example: str, message: str
) -> None:
    """A prompt or an example that the table does not have stops the study."""
    with pytest.raises(ModelError, match=message):
        await Replay().complete(ask(samples([line()]), prompt, example), [0])


async def test_what_no_record_can_know_is_refused(samples: Write) -> None:
    """A request without the line, a follow-up, a second temperature."""
    model = samples([line()])
    with pytest.raises(ModelError, match="names 0 recorded answers"):
        await Replay().complete(Request(model, (Message("user", "What?"),), 1.0), [0])
    turns = (*ask(model).messages, Message("assistant", "A"), Message("user", "Sure?"))
    with pytest.raises(ModelError, match="no follow-up"):
        await Replay().complete(Request(model, turns, 1.0), [0])
    provider = Replay()
    await provider.complete(ask(model), [0])
    with pytest.raises(ModelError, match=r"asked at 1 and 0\.5"):
        await provider.complete(ask(model, temperature=0.5), [0])


def test_a_model_that_wants_more_than_a_record_is_refused(samples: Write) -> None:
    """Body fields change nothing in a table, and a longer answer than max_tokens would break the budget's promise."""
    with pytest.raises(ModelError, match="knows no reasoning_effort"):
        Replay().price(samples([line()], extra={"reasoning_effort": "low"}))
    with pytest.raises(ModelError, match="write max_tokens: 900 or more"):
        Replay().price(samples([line(output_tokens=900)], max_tokens=512))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line(), "{"], r"table.jsonl:2: "),
        ([{"prompt": "p", "answer": "A"}], r":1: no 'example' is given"),
        ([{"prompt": "p", "example": "q"}], r":1: no 'answer' is given"),
        ([line(output_tokens=-3)], r":1: output_tokens is -3"),
        ([line(replicate=0), line(replicate=0)], r":2: replicate 0 of prompt 'plain', example 'q1' stands twice"),
        ([], "the recorded table is empty"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_at_its_line(
    samples: Write, lines: Sequence[object], message: str
) -> None:
    """With the file, the line and what to write."""
    with pytest.raises(ModelError, match=message):
        Replay().price(samples(lines))


async def test_shares_are_drawn_by_the_seed_and_the_replicate(shares: Write) -> None:
    """The same in any order, other ones for another seed, and as often as the shares say."""
    names = {"prompts": ["plain"], "examples": ["q1", "q2"], "texts": ["A", "B"], "output_tokens": [[7.0]]}
    model = shares([[[0.25, 0.75], [1.0, 0.0]]], **names)
    whole = [sample.text for sample in await Replay().complete(ask(model), range(4000))]
    (late,) = await Replay().complete(ask(model), [3999])
    assert (late.text, late.output_tokens) == (whole[3999], 7)
    assert abs(whole.count("A") / 4000 - 0.25) < 0.03
    other = [sample.text for sample in await Replay().complete(ask(model, seed=1), range(4000))]
    assert other != whole
    assert {sample.text for sample in await Replay().complete(ask(model, "plain", "q2"), range(100))} == {"A"}


async def test_shares_without_names_go_by_number(shares: Write) -> None:
    """Prompts, examples and answers are counted from 0."""
    model = shares([[[0.0, 1.0]]])
    assert (await Replay().complete(ask(model, "0", "0"), [5]))[0].text == "1"


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ([[[0.5, 0.6]]], r"probs\[0, 0\] is 0.5, 0.6"),
        ([[0.5, 0.5]], r"shape \(1, 2\)"),
        ([[[float("nan"), 1.0]]], r"probs\[0, 0\]"),
        ([[["a", "b"]]], "could not convert"),
    ],
)
def test_shares_that_are_none_are_refused(shares: Write, probs: object, message: str) -> None:
    """Every row must sum to 1."""
    with pytest.raises(ModelError, match=message):
        Replay().price(shares(probs))


def test_pickles_and_other_files_are_refused(tmp_path: Path) -> None:
    """Nothing in a table is executed, and a file of another kind is named."""
    np.savez(tmp_path / "t.npz", probs=np.array([{"a": 1}], dtype=object))
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 not a zip")
    for name in ("t.npz", "broken.npz", "table.csv", "missing.jsonl"):
        with pytest.raises(ModelError, match=name.partition(".")[0]):
            Replay().price(Model("m", f"replay/{name}", read_file=_beside(tmp_path)))


STUDY = """
name: recorded
task: {data: examples.jsonl, sealed: 0.5}
prompts: {plain: "prompt=plain example={id}", steps: "prompt=steps example={id}"}
models: {m: replay/table.jsonl}
strategies: [single, majority]
sampler: grid
n: [1, 3]
budget: {calls: 1000}
storage: "sqlite:///study.db"
"""


@pytest.fixture
def study(tmp_path: Path, samples: Write) -> Path:
    """A study of 40 examples that `steps` mostly answers right, and `plain` never."""
    answers = {"plain": "AAAAAAAA", "steps": "BABBABAB"}
    samples([line(p, f"q{i}", answer=a) for p, said in answers.items() for i in range(40) for a in said])
    examples = [json.dumps({"id": f"q{i}", "question": f"number {i}", "answer": "B"}) for i in range(40)]
    (tmp_path / "examples.jsonl").write_text("\n".join(examples), encoding="utf-8")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_a_study_runs_on_a_table_from_beside_its_file(study: Path) -> None:
    """It finds what the record holds, at no cost."""
    with Study(read_study(study)) as opened:
        found = opened.run()
    assert (found.winner.policy.source.prompt, found.winner.policy.strategy) == ("steps", "majority")
    assert (found.spend.usd, found.counts.failed) == (0, 0)


def test_another_table_is_another_study(study: Path) -> None:
    """Its contents decide the result, so they are a part of the study."""
    before = read_study(study)
    table = study.parent / "table.jsonl"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = read_study(study)
    assert before.digest != after.digest
    assert changes(before.text, after.text) == ["models.m.endpoint: contents of the recorded table changed"]


def test_a_table_that_is_not_there_is_named_at_its_line(study: Path) -> None:
    """Before anything is asked."""
    (study.parent / "table.jsonl").unlink()
    with pytest.raises(StudyFileError, match=r"study.yaml:5(.|\n)*table.jsonl(.|\n)*beside the study file"):
        read_study(study)
