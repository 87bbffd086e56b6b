"""Recorded answers as a table: what a model once said, or how often it said what. It does not know who asks.

Two formats: samples, JSON lines (``.jsonl``, ``.jsonl.gz``) with the fields example, prompt, replicate and answer or
text, and where known input_tokens, output_tokens, latency_s and logprob; and shares, an ``.npz`` with `probs`, shape
(prompts, examples, answers). Tokens that are not recorded count as 0.
"""

import gzip
import io
import json
import math
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Sample
from jointopt.errors import ModelError
from jointopt.pocket.completion import seed_of

_LINE = "write one object a line: example, prompt, replicate, and answer or text; numbers as numbers"
_ARRAYS = "write `probs`, (prompts, examples, answers) with rows that sum to 1, and where known their names `prompts`, "
_ARRAYS += "`examples` and `texts`, and `input_tokens` and `output_tokens`, (prompts, examples) or (prompts, 1)"
_CLOSE = 1e-6  # how far a row of shares may be from 1
_SEEDS = 2**128  # seeds lie below


class Table(ABC):
    """Recorded answers by prompt and example.

    Attributes:
        prompts: the known names.
        examples: the known names.
        longest: the most output tokens of an answer.
    """

    prompts: tuple[str, ...]
    examples: tuple[str, ...]
    longest: int

    @abstractmethod
    def sample(self, prompt: str, example: str, replicate: int, key: str) -> Sample | None:
        """The replicate of a request with this key, with all of its prompt's tokens; None beyond what is recorded."""

    @abstractmethod
    def count(self, prompt: str, example: str) -> int | None:
        """How many are recorded; None where there are as many as anyone asks for."""

    @abstractmethod
    def input_tokens(self, prompt: str, example: str) -> int:
        """The most that a prompt is recorded to have."""


class Samples(Table):
    """What was said: replicate k is the k-th recorded one, whoever asks."""

    def __init__(self, said: Mapping[tuple[str, str], Mapping[int, Sample]]) -> None:
        self._said = {pair: [by[number] for number in sorted(by)] for pair, by in said.items()}
        self.prompts = tuple(dict.fromkeys(prompt for prompt, _ in said))
        self.examples = tuple(dict.fromkeys(example for _, example in said))
        self.longest = max(sample.output_tokens for samples in self._said.values() for sample in samples)

    def sample(self, prompt: str, example: str, replicate: int, key: str) -> Sample | None:
        """The k-th recorded one."""
        said = self._said.get((prompt, example), [])
        return said[replicate] if replicate < len(said) else None

    def count(self, prompt: str, example: str) -> int:
        """As many as were written down."""
        return len(self._said.get((prompt, example), []))

    def input_tokens(self, prompt: str, example: str) -> int:
        """The most of any."""
        return max((sample.input_tokens for sample in self._said.get((prompt, example), [])), default=0)


class Shares(Table):
    """How often everything was said: replicate k is drawn by the request's key and k, in whatever order they come."""

    def __init__(self, probs: NDArray[np.float64], names: list[tuple[str, ...]], tokens: NDArray[np.int64]) -> None:
        self._ends, self._tokens = probs.cumsum(axis=2), tokens  # (2, prompts, examples): input, output
        self.prompts, self.examples, self._texts = names
        self._rows = {name: row for row, name in enumerate(self.prompts)}
        self._columns = {name: column for column, name in enumerate(self.examples)}
        self.longest = int(tokens[1].max())

    def sample(self, prompt: str, example: str, replicate: int, key: str) -> Sample:
        """Drawn by the shares."""
        place = self._rows[prompt], self._columns[example]
        ends = self._ends[place]
        answer = np.searchsorted(ends, seed_of(key, replicate) / _SEEDS * ends[-1], side="right")
        tokens_in, tokens_out = self._tokens[:, *place].tolist()
        text = self._texts[min(int(answer), len(ends) - 1)]
        return Sample(replicate, text, input_tokens=tokens_in, output_tokens=tokens_out)

    def count(self, prompt: str, example: str) -> None:
        """There is no end to what can be drawn."""

    def input_tokens(self, prompt: str, example: str) -> int:
        """As recorded."""
        return int(self._tokens[0, self._rows[prompt], self._columns[example]])


def read_table(name: str, read_file: Callable[[str], bytes]) -> Table:
    """A recorded table.

    Args:
        name: of its file, which says of what kind it is.
        read_file: gives what is in it.

    Raises:
        ModelError: it cannot be read, or makes no sense; names the file, and the line where it has lines.
    """
    try:
        if name.endswith(".npz"):
            return _read_shares(name, read_file(name))
        if name.endswith((".jsonl", ".jsonl.gz")):
            return _read_samples(name, read_file(name))
    except (OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise ModelError(f"the recorded table cannot be read: {error}", where=name, mend="mend the file") from None
    mend = "name a file that ends in .jsonl, .jsonl.gz or .npz"
    raise ModelError(f"{name!r} is no recorded table", where=name, mend=mend)


def _read_samples(name: str, content: bytes) -> Samples:
    said: dict[tuple[str, str], dict[int, Sample]] = {}
    for number, line in enumerate(_lines(name, content), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            pair = _name(record, "prompt"), _name(record, "example")
            by = said.setdefault(pair, {})
            sample = _sample(record, len(by))
            if sample.replicate in by:
                raise ValueError(
                    f"replicate {sample.replicate} of prompt {pair[0]!r}, example {pair[1]!r} stands twice"
                )
        except ValueError as error:
            raise ModelError(str(error), where=f"{name}:{number}", mend=_LINE) from None
        by[sample.replicate] = sample
    if not said:
        raise ModelError("the recorded table is empty", where=name, mend=_LINE)
    return Samples(said)


def _lines(name: str, content: bytes) -> Iterator[str]:
    raw = io.BytesIO(content)
    with io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw, encoding="utf-8") as file:
        yield from file


def _sample(record: Mapping[str, Any], place: int) -> Sample:
    """A line as a sample; without a number of its own it is the next one."""
    if "text" not in record and "answer" not in record:
        raise ValueError("no 'answer' is given")
    text = record.get("text", record.get("answer"))
    replicate = _number(record, "replicate")
    return Sample(
        replicate=place if replicate is None else int(replicate),
        text="" if text is None else str(text),
        logprob=_number(record, "logprob", least=-math.inf),
        input_tokens=round(_number(record, "input_tokens") or 0),
        output_tokens=round(_number(record, "output_tokens") or 0),
        latency_s=_number(record, "latency_s") or 0.0,
    )


def _name(record: object, field: str) -> str:
    value = record.get(field) if isinstance(record, Mapping) else None
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"no {field!r} is given")
    return str(value).strip()


def _number(record: Mapping[str, Any], field: str, *, least: float = 0.0) -> float | None:
    value = record.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < least:
        raise ValueError(f"{field} is {value!r}")
    return float(value)


def _read_shares(name: str, content: bytes) -> Shares:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {array: file[array] for array in file.files if array in _KNOWN}
        probs = _check_shares(arrays)
        names = [_check_names(arrays, *each) for each in zip(_NAMES, probs.shape, strict=True)]
        tokens = [_check_tokens(arrays, name, probs.shape[:2]) for name in _TOKENS]
    except ValueError as error:
        raise ModelError(str(error), where=name, mend=_ARRAYS) from None
    return Shares(probs, names, np.array(tokens))


_NAMES, _TOKENS = ("prompts", "examples", "texts"), ("input_tokens", "output_tokens")
_KNOWN = {"probs", *_NAMES, *_TOKENS}


def _check_shares(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    if "probs" not in arrays:
        raise ValueError("there is no array `probs`")
    probs = np.asarray(arrays["probs"], dtype=np.float64)
    if probs.ndim != len(_NAMES) or not probs.size:
        raise ValueError(f"probs has the shape {probs.shape}")
    wrong = ~((probs >= 0).all(axis=2) & (abs(probs.sum(axis=2) - 1) <= _CLOSE))
    if wrong.any():
        prompt, example = np.argwhere(wrong)[0].tolist()
        row = ", ".join(f"{share:g}" for share in probs[prompt, example])
        raise ValueError(f"probs[{prompt}, {example}] is {row}: no shares that sum to 1")
    return probs


def _check_names(arrays: Mapping[str, NDArray[Any]], name: str, count: int) -> tuple[str, ...]:
    """The given names; else the numbers from 0."""
    names = tuple(map(str, arrays[name].ravel())) if name in arrays else tuple(map(str, range(count)))
    if len(set(names)) != count:
        raise ValueError(f"{name} has {len(set(names))} different names for {count}")
    return names


def _check_tokens(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.int64]:
    tokens = np.broadcast_to(np.asarray(arrays.get(name, 0), dtype=np.float64), shape)
    if not (np.isfinite(tokens) & (tokens >= 0)).all():
        raise ValueError(f"{name} holds what is no number of tokens")
    return np.rint(tokens).astype(np.int64)
