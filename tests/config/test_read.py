"""A good study file becomes a plan."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
import yaml

from jointopt.config import Plan, read_study, schema
from jointopt.domain import Budget, Preference, Price, Prompt
from jointopt.errors import StudyFileError
from jointopt.grading.rubric import SCORE

if TYPE_CHECKING:
    from tests.config.conftest import Folder

EVERYTHING = """
strategies: [single, {best_of: {by: [length, careful, own]}}, {early_stop: {window: 4}}, {refine: }]
judges:
  careful: {model: nano, prompt: "{question} {answer}", best: 5}
  own: {model: {endpoint: embedded/micro, max_tokens: 9}}
modes:
  plain: {}
  deep: {reasoning_effort: high, extra_body: {top_k: 4}, models: {nano: {system: "reasoning: on"}}}
preferences: {quality: 1, tokens: [0, 0.1]}
"""


def test_a_small_study_is_read_with_its_defaults(folder: Folder) -> None:
    """What the file leaves out is filled in."""
    plan = read_study(folder.study)
    assert (plan.name, plan.seed, plan.sampler, plan.trials) == ("small", 1, "tpe", None)
    assert plan.objectives == {SCORE: ("exact", {})}
    assert (plan.preference, plan.preferences, plan.judges) == (Preference(), (), {})
    assert plan.budget == Budget(calls=100, wall_clock_s=5400)
    assert plan.space.strategies == {"single": {}, "majority": {}, "best_of": {}}
    assert list(plan.space.strategies) == ["single", "majority", "best_of"]
    assert plan.space.modes == {}
    assert (plan.space.ns, plan.space.temperatures) == ((1, 4), (1.0,))
    assert plan.space.prompts["steps"] == Prompt("steps", user="{question} Work step by step.", system="Think.")
    assert plan.space.models["nano"].price is None


def test_the_examples_are_split_by_the_seed(folder: Folder) -> None:
    """Every example is in one half; the same seed gives the same halves, another seed others."""
    first, again = read_study(folder.study).task, read_study(folder.study).task
    assert first == again
    assert (len(first.dev), len(first.sealed)) == (6, 4)
    assert {example.id for example in first.dev + first.sealed} == {str(number) for number in range(1, 11)}
    folder.replace("name: small", "name: small\nseed: 2")
    assert read_study(folder.study).task != first


def test_the_reference_is_no_field(folder: Folder) -> None:
    """A prompt could not show the answer even if it tried."""
    example = read_study(folder.study).task.dev[0]
    assert example.reference.isdecimal()
    assert set(example.fields) == {"question"}


def test_other_columns_are_fields_and_columns_can_be_renamed(folder: Folder) -> None:
    """Fields name columns; what they do not name keeps its name."""
    folder.write("e.csv", "q,gold,key,hint\n" + "\n".join(f'"what, {n}?",{n},k{n},h{n}' for n in range(5)))
    folder.replace("data: examples.jsonl", "data: e.csv\n  fields: {question: q, answer: gold, id: key}")
    folder.replace('plain: "{question}"', 'plain: "{question} ({hint})"')
    task = read_study(folder.study).task
    one = next(example for example in task.dev + task.sealed if example.id == "k3")
    assert one.fields == {"id": "k3", "question": "what, 3?", "hint": "h3"}
    assert one.reference == "3"


def test_parquet_is_read(folder: Folder) -> None:
    """A Parquet file gives the same examples as JSONL."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    before = read_study(folder.study).task
    rows = [json.loads(line) for line in (folder.path / "examples.jsonl").read_text().splitlines()]
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder.path / "e.parquet")
    folder.replace("examples.jsonl", "e.parquet")
    assert read_study(folder.study).task == before


def test_prompts_come_from_files(folder: Folder) -> None:
    """A pattern names prompts by their files; a rule parts the system line from the user turn."""
    folder.write("prompts/b.md", "Be brief.\n---\n{question}\n")
    folder.write("prompts/a.md", "Solve: {question}")
    folder.replace('prompts:\n  plain: "{question}"\n', "prompts: prompts/*.md\n")
    folder.replace('  steps: {system: Think., user: "{question} Work step by step."}\n', "")
    prompts = read_study(folder.study).space.prompts
    assert list(prompts) == ["a", "b"]
    assert prompts["b"] == Prompt("b", user="{question}", system="Be brief.")
    assert prompts["a"] == Prompt("a", user="Solve: {question}")


def test_prompts_of_a_family_say_so_and_the_study_stays_the_same(folder: Folder) -> None:
    """A family decides nothing: a study that has begun goes on under the same digest. A judge's prompt has none."""
    before = read_study(folder.study)
    folder.replace("{system: Think., user:", "{family: reasoning, system: Think., user:")
    plan = read_study(folder.study)
    assert [prompt.family for prompt in plan.space.prompts.values()] == ["", "reasoning"]
    assert plan.digest == before.digest and "family: reasoning" in plan.written
    folder.replace("models:", 'judges: {strict: {model: mini, prompt: {family: x, user: "{question}"}}}\nmodels:')
    with pytest.raises(StudyFileError, match="family"):
        read_study(folder.study)


def test_slots_and_plain_words_of_yaml_stay_text(folder: Folder) -> None:
    """A slot may have the options yes and no; an option may show a field."""
    folder.replace('plain: "{question}"', 'plain: "{question}{polite}"')
    folder.replace("models:", 'slots: {polite: {no: "", yes: " Please answer {question}"}}\nmodels:')
    assert read_study(folder.study).space.slots == {"polite": {"no": "", "yes": " Please answer {question}"}}


def test_a_model_is_written_long(folder: Folder) -> None:
    """Every setting of a model arrives."""
    folder.replace(
        "nano: embedded/nano",
        "{free: {endpoint: openai/x, price: 0, base_url: 'http://localhost:8000/v1', key_env: MY_KEY, max_tokens: 9,"
        " concurrency: 3, extra: {top_p: 0.9}}, paid: {endpoint: a/b, price: {input: 1, output: 2.5}},"
        " cached: {endpoint: a/b, price: {input: 1, output: 2.5, cached_input: 0.25}},"
        " all: {endpoint: a/b, price: {input: 1, output: 2.5, reasoning: 4, request: 0.01}}}",
    )
    models = read_study(folder.study).space.models
    free = models["free"]
    assert (free.price, models["paid"].price) == (Price(), Price(1, 2.5))
    assert models["cached"].price == Price(1, 2.5, cached_usd=0.25)
    assert models["all"].price == Price(1, 2.5, reasoning_usd=4, request_usd=0.01)
    assert (free.base_url, free.key_envs, free.max_tokens) == ("http://localhost:8000/v1", ("MY_KEY",), 9)
    assert (free.concurrency, free.extra) == (3, {"top_p": 0.9})


def test_one_value_stands_for_a_list_and_repeats_count_once(folder: Folder) -> None:
    """`strategies: single` is enough; n is sorted."""
    folder.replace("n: [1, 4]", "n: [4, 1, 4]\nstrategies: single\ntemperatures: 0.5")
    space = read_study(folder.study).space
    assert (space.ns, space.strategies, space.temperatures) == ((1, 4), {"single": {}}, (0.5,))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///x.db", "sqlite:///{folder}/x.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
    ],
)
def test_storage_begins_at_the_study_file(folder: Folder, url: str, expected: str) -> None:
    """The same study is the same database from every working directory."""
    folder.replace("name: small", f"name: small\nstorage: '{url}'")
    assert read_study(folder.study).storage == expected.format(folder=folder.path)


def test_the_text_holds_all_that_decides_and_no_storage(folder: Folder) -> None:
    """Prompt texts and the data's digest are in; a database's password is not."""
    folder.replace("name: small", "name: small\nstorage: postgresql://me:hunter2@host/db")
    plan = read_study(folder.study)
    values = json.loads(plan.text)
    assert values["prompts"]["plain"] == {"system": "", "user": "{question}"}
    assert values["task"]["data_sha256"] == sha256((folder.path / "examples.jsonl").read_bytes()).hexdigest()
    assert "hunter2" not in plan.text
    assert plan.digest == sha256(plan.text.encode()).hexdigest()


# As the first version wrote it: a study that began then goes on as long as its file is the same.
FIRST_TEXT = (
    '{"name":"small","task":{"data":"examples.jsonl","fields":{},"sealed":0.4,"grader":{"name":"exact","options":{}},'
    '"data_sha256":"febdc1b227125cb569617d98f002aceafd4c5f2195ea2783e617e5768761aa74"},"prompts":{"plain":{"system":"",'
    '"user":"{question}"},"steps":{"system":"Think.","user":"{question} Work step by step."}},"slots":{},"models":{'
    '"nano":{"endpoint":"embedded/nano","max_tokens":512,"concurrency":16,"extra":{}}},"strategies":["single","majority",'
    '"best_of"],"n":[1,4],"temperatures":[1.0],"preference":{"quality":1.0,"cost_usd":0.0,"tokens":0.0,"latency_s":0.0},'
    '"budget":{"calls":100,"wall_clock":5400.0},"sampler":"tpe","seed":1}'
)


def test_an_unchanged_file_keeps_its_text(folder: Folder) -> None:
    """Keys that came later, and are not used, leave no trace: an old study can go on."""
    assert folder.read().text == FIRST_TEXT
    folder.add("modes: {}\njudges: {}\npreferences: {}\npreference: {objectives: {}}\n")
    assert folder.read().text == FIRST_TEXT


def test_comments_and_spelling_do_not_change_the_text(folder: Folder) -> None:
    """Only what the file means counts."""
    before = read_study(folder.study).text
    folder.replace("nano: embedded/nano", "nano: {endpoint: embedded/nano}  # the small one")
    folder.replace("wall_clock: 1h30m", "wall_clock: 90m")
    assert read_study(folder.study).text == before


def test_reading_writes_nothing(folder: Folder) -> None:
    """The folder is as it was."""
    read_study(folder.study)
    assert sorted(path.name for path in folder.path.iterdir()) == ["examples.jsonl", "study.yaml"]


def test_the_schema_explains_every_key() -> None:
    """Each key of each section has a description, and short forms are allowed."""
    everything = schema()
    assert everything["additionalProperties"] is False
    for section in [everything, *everything["$defs"].values()]:
        for key, entry in section["properties"].items():
            explained = everything["$defs"][entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
            assert explained.get("description"), key
    assert {"type": "string"} in everything["properties"]["models"]["additionalProperties"]["anyOf"]


def test_the_schema_accepts_what_is_read(folder: Folder) -> None:
    """An editor finds no fault in the long and short forms, and finds one in a misspelt option."""
    validator = pytest.importorskip("jsonschema").Draft202012Validator(schema())
    folder.add(EVERYTHING)
    folder.replace("n: [1, 4]", "n: 4")
    folder.read()
    document = yaml.safe_load(folder.study.read_text())
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid(document | {"strategies": {"best_of": {"yb": "length"}}})
    assert not validator.is_valid(document | {"strategies": []})


def test_a_plan_cannot_be_changed(folder: Folder) -> None:
    """A plan is a fact."""
    plan = read_study(folder.study)
    assert isinstance(plan, Plan)
    with pytest.raises(AttributeError):
        setattr(plan, "seed", 2)  # noqa: B010 - the plain assignment is what the type checker already forbids
