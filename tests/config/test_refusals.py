"""Every way a study file or its data can be wrong ends in one clear message: where, what, and the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jointopt.config import read_study
from jointopt.errors import StudyFileError, TaskError

if TYPE_CHECKING:
    from tests.config.conftest import Folder

SPOILED = {
    # name: (old, new, words that the message must hold)
    "unknown key": ("budget:", "budgte:", ["study.yaml:11: budgte", "unknown key 'budgte'", "did you mean 'budget'"]),
    "unknown inner key": ("calls: 100", "cals: 1", ["study.yaml:11: budget.cals", "did you mean 'calls'", "tokens"]),
    "broken YAML": ("n: [1, 4]", "n: [1, 4", ["study.yaml:11:7", "',' or ']'"]),
    "a tab": ("  plain:", "\tplain:", ["study.yaml:6:1", "\\t"]),
    "a key twice": ("  nano:", "  nano: a/b\n  nano:", ["study.yaml:10: models.nano", "stands twice", "line 9"]),
    "an unknown YAML tag": ("[1, 4]", "!!python/name:os.system", ["study.yaml:10:4", "constructor"]),
    "a field not in the data": ('{question}"\n', '{qestion}"\n', ["prompts.plain", "{qestion}", "'question'"]),
    "a column not in the data": (
        "  sealed:",
        "  fields: {question: qestion}\n  sealed:",
        ["study.yaml:4: task.fields.question", "no column 'qestion'", "did you mean 'question'"],
    ),
    "a prompt that shows the answer": ('"{question}"\n', '"{answer}"\n', ["prompts.plain", "reference answer"]),
    "an empty prompt": ('plain: "{question}"', 'plain: ""', ["study.yaml:6: prompts.plain", "empty"]),
    "a prompt of nothing": ('plain: "{question}"', "plain:", ["study.yaml:6: prompts.plain", "empty"]),
    "two equal prompts": ('  plain: "{q', '  same: "{question}"\n  plain: "{q', ["prompts.plain", "'same'"]),
    "a missing prompt file": ('"{question}"\n', "{file: no.md}\n", ["prompts.plain", "no file", "no.md"]),
    "a file and a text": ('"{question}"\n', "{file: a.md, user: b}\n", ["prompts.plain", "a file and a text"]),
    "a slot not shown": ("models:", "slots: {tone: {a: b}}\nmodels:", ["slots.tone", "no prompt shows"]),
    "a slot with no option": ("models:", "slots: {tone: {}}\nmodels:", ["slots.tone", "name one at least"]),
    "a slot called as a field": (
        "models:",
        "slots: {question: {a: b}}\nmodels:",
        ["slots.question", "field of the data", "rename the slot"],
    ),
    "an endpoint of no provider": ("embedded/nano", "gpt-4o", ["study.yaml:9: models.nano", "'gpt-4o'", "openai/"]),
    "a misspelt model key": ("embedded/nano", "{endpont: a/b}", ["models.nano.endpont", "did you mean 'endpoint'"]),
    "no endpoint": ("embedded/nano", "{max_tokens: 5}", ["models.nano.endpoint", "no 'endpoint' is given"]),
    "a price in words": ("embedded/nano", "{endpoint: a/b, price: free}", ["models.nano.price", "'free'", "or 0"]),
    "a negative price": (
        "embedded/nano",
        "{endpoint: a/b, price: {input: -1, output: 0}}",
        ["price.input", "0 or more"],
    ),
    "an unknown strategy": (
        "n: [1",
        "strategies: [majorty]\nn: [1",
        ["study.yaml:10: strategies.majorty", "did you mean 'majority'"],
    ),
    "no strategy": ("n: [1", "strategies: []\nn: [1", ["strategies", "name one at least"]),
    "an unknown grader": ("sealed: 0.4", "grader: exakt", ["task.grader", "'exakt'", "did you mean 'exact'"]),
    "an unknown grader option": (
        "sealed: 0.4",
        "grader: {name: exact, aftr: x}",
        ["study.yaml:4: task.grader.aftr", "did you mean 'after'"],
    ),
    "a grader option of the wrong kind": (
        "sealed: 0.4",
        "grader: {name: numeric, tolerance: big}",
        ["task.grader.tolerance", "'big'", "number"],
    ),
    "n of nought": ("[1, 4]", "[1, 0]", ["study.yaml:10: n[2]", "0 will not do", "1 or more"]),
    "n of a half": ("[1, 4]", "[1.5]", ["n[1]", "1.5", "whole number"]),
    "no n": ("n: [1, 4]", "n: []", ["study.yaml:10: n", "name one at least"]),
    "a negative temperature": ("n: [1", "temperatures: [-0.1]\nn: [1", ["temperatures[1]", "-0.1", "0 or more"]),
    "a temperature that is no number": ("n: [1", "temperatures: [.nan]\nn: [1", ["temperatures[1]", "nan"]),
    "no budget": ("budget: {calls: 100, wall_clock: 1h30m}", "", ["study.yaml", "no 'budget' is given"]),
    "an empty budget": ("{calls: 100, wall_clock: 1h30m}", "{}", ["study.yaml:11: budget", "no limit", "calls"]),
    "a negative budget": ("calls: 100", "calls: -5", ["study.yaml:11: budget.calls", "-5", "1 or more"]),
    "a negative amount": ("calls: 100", "usd: -0.5", ["budget.usd", "-0.5", "0 or more"]),
    "an odd duration": ("1h30m", "soon", ["budget.wall_clock", "'soon'", "90s"]),
    "a negative duration": ("1h30m", "-5", ["budget.wall_clock", "-5", "more than 0"]),
    "all sealed": ("0.4", "9", ["study.yaml:4: task.sealed", "9 of 10", "two at least"]),
    "a share above one": ("0.4", "1.4", ["task.sealed", "1.4"]),
    "an unknown sampler": (
        "n: [1",
        "sampler: tpee\nn: [1",
        ["study.yaml:10: sampler", "'tpee'", "did you mean 'tpe'?"],
    ),
    "a sampler misspelt": (
        "n: [1",
        "sampler: jont\nn: [1",
        ["'jont'", "did you mean 'joint'? known: tpe, joint, psst"],
    ),
    "a sampler of no text": ("n: [1", "sampler: [tpe]\nn: [1", ["sampler", "['tpe'] will not do", "'joint'"]),
    "a storage of no database": ("n: [1", "storage: here.db\nn: [1", ["storage", "sqlite:///"]),
    "a name with a slash": ("name: small", "name: a/b", ["study.yaml:1: name", "'a/b'"]),
    "no text": ("name: small", "name: 7", ["name", "7 will not do", "quotes"]),
    "a negative weight": ("n: [1", "preference: {cost_usd: -1}\nn: [1", ["preference.cost_usd", "0 or more"]),
    "a missing data file": ("examples.jsonl", "nowhere.jsonl", ["study.yaml:3: task.data", "nowhere.jsonl", "check"]),
    "a data file of another kind": ("examples.jsonl", "examples.xls", ["task.data", "examples.xls", ".jsonl"]),
    "no such pattern": (
        'prompts:\n  plain: "{question}"\n  steps: {system: Think., user: "{question} Work step by step."}',
        "prompts: none/*.md",
        ["study.yaml:5: prompts", "none/*.md"],
    ),
}


@pytest.mark.parametrize(("old", "new", "words"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_study_file_is_refused(folder: Folder, old: str, new: str, words: list[str]) -> None:
    """The message names the file, the line, the value and the mend; nothing is written."""
    folder.replace(old, new)
    message = folder.refusal()
    assert all(word in message for word in words), message
    assert sorted(path.name for path in folder.path.iterdir()) == ["examples.jsonl", "study.yaml"]


SECRETS = {
    "a key in the file": ("embedded/nano", "{endpoint: a/b, key_env: sk-verysecretverysecret1}"),
    "a key in a comment": ("name: small", "name: small  # sk-proj-verysecret_very-secret1"),
    "a key as a variable": ("embedded/nano", "{endpoint: a/b, key_env: verysecret}"),
    "a key under its own name": ("embedded/nano", "{endpoint: a/b, api_key: verysecret}"),
    "a key in extra": ("embedded/nano", "{endpoint: a/b, extra: {api_key: verysecret}}"),
    "a key in a header": ("embedded/nano", "{endpoint: a/b, extra: {extra_headers: {Authorization: verysecret}}}"),
}


@pytest.mark.parametrize(("old", "new"), SECRETS.values(), ids=SECRETS)
def test_a_literal_key_is_refused_and_not_repeated(folder: Folder, old: str, new: str) -> None:
    """The mend is an environment variable; the key itself is not shown."""
    folder.replace(old, new)
    message = folder.refusal()
    assert "key_env: OPENAI_API_KEY" in message
    assert "verysecret" not in message


def test_a_password_in_an_address_is_refused_and_not_repeated(folder: Folder) -> None:
    """An address with a user and password would be kept with the study."""
    folder.replace("embedded/nano", "{endpoint: a/b, base_url: 'http://me:verysecret@host/v1'}")
    message = folder.refusal()
    assert "base_url" in message
    assert "verysecret" not in message


DATA = {
    "nothing": (b"", ["examples.jsonl", "no examples", "needs 4"]),
    "three": (b'{"question": "a", "answer": 1}\n' * 3, ["3 examples", "needs 4"]),
    "broken JSON": (b'{"question": "a", "answer": 1}\n{"question', ["examples.jsonl:2", "not JSON"]),
    "a list": (b"[1, 2]\n" * 4, ["examples.jsonl:1", "no JSON object"]),
    "another encoding": ('{"question": "ä"}'.encode("latin-1"), ["examples.jsonl", "not UTF-8 at byte 14"]),
    "a half surrogate": (b'{"question": "\\ud800", "answer": 1}', ["examples.jsonl:1", "'question'"]),
}


@pytest.mark.parametrize(("content", "words"), DATA.values(), ids=DATA)
def test_broken_data_is_refused(folder: Folder, content: bytes, words: list[str]) -> None:
    """The message names the data file and the line."""
    folder.write("examples.jsonl", content)
    with pytest.raises(TaskError) as refusal:
        read_study(folder.study)
    assert all(word in str(refusal.value) for word in words), refusal.value


ROWS = {
    "the same question": (
        '{"question": "What is  0 + 1?", "answer": 9}',
        ["examples.jsonl:6", "What is  0 + 1?", ":1 too"],
    ),
    "the same id": ('{"id": "e1", "question": "new", "answer": 9}', ["examples.jsonl:6", "'e1'", "examples.jsonl:2"]),
    "no reference": ('{"question": "new", "answer": ""}', ["examples.jsonl:6", "no 'answer'"]),
    "a reference of null": ('{"question": "new", "answer": null}', ["examples.jsonl:6", "no 'answer'"]),
    "no question": ('{"answer": 9}', ["examples.jsonl:6", "no 'question'"]),
}


@pytest.mark.parametrize(("row", "words"), ROWS.values(), ids=ROWS)
def test_a_bad_row_is_refused(folder: Folder, row: str, words: list[str]) -> None:
    """The message names the row's line."""
    good = [f'{{"id": "e{n}", "question": "What is {n} + 1?", "answer": {n + 1}}}' for n in range(5)]
    folder.write("examples.jsonl", "\n".join([*good, row]))
    with pytest.raises(TaskError) as refusal:
        read_study(folder.study)
    assert all(word in str(refusal.value) for word in words), refusal.value


def test_the_same_question_about_another_text_is_another_example(folder: Folder) -> None:
    """What a prompt shows besides the question tells two examples apart."""
    rows = [f'{{"question": "Who won?", "text": "Team {n} won.", "answer": "{n}"}}' for n in range(6)]
    folder.write("examples.jsonl", "\n".join(rows))
    assert "stands at" in folder.refusal()
    folder.replace('plain: "{question}"', 'plain: "{text} {question}"')
    assert len(read_study(folder.study).task.dev) == 4


TABLES = {
    "a column twice": ("question,answer,answer\na,1,2\n", ["e.csv:1", "stands twice"]),
    "more cells than columns": ("question,answer\na,1\nb,2,3\n", ["e.csv:3", "more cells"]),
    "fewer cells than columns": ("question,answer\na,1\nb\nc,1\nd,1\n", ["e.csv:3", "no 'answer'"]),
    "an open quote": ('question,answer\n"a,1\n', ["e.csv", "not CSV"]),
}


@pytest.mark.parametrize(("content", "words"), TABLES.values(), ids=TABLES)
def test_a_broken_table_is_refused(folder: Folder, content: str, words: list[str]) -> None:
    """CSV is read strictly."""
    folder.write("e.csv", content)
    folder.replace("examples.jsonl", "e.csv")
    message = folder.refusal()
    assert all(word in message for word in words), message


def test_no_parquet_is_refused(folder: Folder) -> None:
    """A file that only calls itself Parquet is named."""
    pytest.importorskip("pyarrow")
    folder.write("e.parquet", "not at all")
    folder.replace("examples.jsonl", "e.parquet")
    assert "not Parquet" in folder.refusal()


WHOLE_FILES = {
    "nothing": (b"", ["study.yaml", "holds no keys"]),
    "a list": (b"- 1", ["study.yaml", "holds no keys"]),
    "two documents": (b"a: 1\n---\nb: 2\n", ["study.yaml:2:1", "expected a single document"]),
    "another encoding": ("name: ä".encode("latin-1"), ["study.yaml is not UTF-8 at byte 6"]),
    "a control character": (b"name: \x01", ["study.yaml", "not YAML"]),
}


@pytest.mark.parametrize(("content", "words"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_no_mapping_is_refused(folder: Folder, content: bytes, words: list[str]) -> None:
    """No traceback of the YAML library reaches the user."""
    folder.write("study.yaml", content)
    with pytest.raises(StudyFileError) as refusal:
        read_study(folder.study)
    assert all(word in str(refusal.value) for word in words), refusal.value


def test_a_missing_study_file_and_a_folder_are_refused(folder: Folder) -> None:
    """Both are named."""
    for path, words in ((folder.path / "no.yaml", "no file"), (folder.path, "cannot read")):
        with pytest.raises(StudyFileError, match=words) as refusal:
            read_study(path)
        assert str(path) in str(refusal.value)


def test_an_empty_prompt_file_is_refused(folder: Folder) -> None:
    """A file with a system line only asks nothing."""
    folder.write("a.md", "Be kind.\n---\n  \n")
    folder.replace('"{question}"\n', "{file: a.md}\n")
    assert "the prompt is empty: a.md" in folder.refusal()
