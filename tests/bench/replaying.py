"""Recorded answers as a whole study in a folder: a study file, examples, and a table that `replay` serves."""

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

FOLDER = Path(os.environ.get("JOINTOPT_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))

Records = list[dict[str, Any]]


def read_records(name: str) -> Records | None:
    """The objects of a recorded file, or None where it is not at hand (`JOINTOPT_BENCH_DATA` says where it is)."""
    file = FOLDER / name
    if not file.is_file():
        return None
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_table(folder: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Put the table where the study file looks for it."""
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "table.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_shares(
    folder: Path, pairs: Mapping[tuple[str, str], Records], prompts: Sequence[str], examples: Sequence[str]
) -> None:
    """Put a table of shares there: every answer is drawn as often as it was recorded, and there is no end to them."""
    texts = sorted({record["answer"] or "" for records in pairs.values() for record in records})
    probs = np.zeros((len(prompts), len(examples), len(texts)))
    tokens = np.zeros((2, len(prompts), len(examples)))
    for i, prompt in enumerate(prompts):
        for j, example in enumerate(examples):
            found = pairs[prompt, example]
            for record in found:
                probs[i, j, texts.index(record["answer"] or "")] += 1 / len(found)
            tokens[:, i, j] = np.mean([(record["input_tokens"], record["output_tokens"]) for record in found], axis=0)
    np.savez(
        folder / "table.npz",
        probs=probs,
        prompts=list(prompts),
        examples=list(examples),
        texts=texts,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
    )


def write_study(folder: Path, study: Mapping[str, Any], examples: Iterable[Mapping[str, str]]) -> Path:
    """A study file with its examples; returns its path."""
    lines = (json.dumps(example, ensure_ascii=False) for example in examples)
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(dict(study), sort_keys=False), encoding="utf-8")
    return path


def address(prompts: Sequence[str]) -> dict[str, str]:
    """The prompts of a study that only names what it replays."""
    return {prompt: f"prompt={prompt} example={{id}}" for prompt in prompts}


def by_pair(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Records]:
    """The records of every (prompt, example), in the order of their replicates."""
    pairs: dict[tuple[str, str], Records] = defaultdict(list)
    for record in records:
        pairs[record["prompt"], record["example"]].append(dict(record))
    return {pair: sorted(found, key=lambda record: int(record["replicate"])) for pair, found in pairs.items()}


def bootstrap(values: NDArray[np.float64], times: int = 10_000) -> tuple[float, float, float]:
    """The mean and its 95% interval by resampling the values."""
    draws = np.random.default_rng(0).integers(0, len(values), (times, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(values.mean()), float(low), float(high)
