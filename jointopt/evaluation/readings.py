"""What the samples of a request say: read and marked once, used for every strategy and every n.

This is where votes and truth meet, side by side and apart: strategies are only ever handed the votes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Example, Latency, Request, Sample, Source, Space, Vote
from jointopt.grading import Rubric
from jointopt.strategies import Ballots, Case, Strategy

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strategy may expect from one question with at most n samples, measured from K.

    Attributes:
        marks: of each objective, 0 to 1; the first is the score.
        unreadable: the share of answers that could not be read.
        requests: of the policy's own; the prompt is billed once for each.
        output_tokens: of the samples asked.
        reasoning_tokens: the part of them that went into reasoning.
        extra_tokens: of requests that followed from them, input and output.
        extra_usd: their price.
        latency_s: from the question to the answer.
    """

    marks: tuple[float, ...]
    unreadable: float
    requests: float
    output_tokens: float
    reasoning_tokens: float
    extra_tokens: float
    extra_usd: float
    latency_s: float


@dataclass(frozen=True, eq=False)
class Reading:
    """K samples of one request, read. Arrays have shape (K,) but where another is given.

    Attributes:
        votes: what each sample answered.
        marks: of the task's O objectives, shape (O, K), 0 to 1; the first is the score.
        input_tokens: of the prompt; billed once per request, whatever its n.
        cached_tokens: the part of them that the vendor was seen to bill as cached when the prompt was sent again.
        output_tokens: of each completion.
        reasoning_tokens: the part of them that went into reasoning.
        latency_s: of each completion's request.
        extra: shape (3, K): tokens, US dollars and seconds of the requests that followed from each sample.
        outcomes: of each strategy by n, as far as they have been worked out.
    """

    votes: tuple[Vote, ...]
    marks: Floats
    input_tokens: int
    cached_tokens: int
    output_tokens: Floats
    reasoning_tokens: Floats
    latency_s: Floats
    extra: Floats
    outcomes: dict[Strategy, dict[int, Outcome]] = field(default_factory=dict, repr=False)
    _shorter: dict[int, "Reading"] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.votes)

    @cached_property
    def ballots(self) -> Ballots:
        """The votes as one pool."""
        return Ballots.of([self.votes])

    @cached_property
    def returned(self) -> Floats:
        """What each vote is worth when it is returned: its marks, and whether it is unreadable; shape (K, O + 1)."""
        unreadable = np.array([vote.answer is None for vote in self.votes], dtype=np.float64)
        return np.column_stack([*self.marks, unreadable])

    @cached_property
    def asked(self) -> Floats:
        """What asking for each sample takes: output and reasoning tokens, then the three extras; shape (K, 5)."""
        return np.column_stack([self.output_tokens, self.reasoning_tokens, *self.extra])

    @property
    def gold(self) -> Floats:
        """The score of each vote."""
        return np.asarray(self.marks[0])

    def first(self, k: int) -> "Reading":
        """The same request as if only its first k samples had been drawn."""
        if k >= len(self):
            return self
        if k not in self._shorter:
            arrays = self.output_tokens[:k], self.reasoning_tokens[:k], self.latency_s[:k], self.extra[:, :k]
            tokens = self.input_tokens, self.cached_tokens
            self._shorter[k] = Reading(self.votes[:k], self.marks[:, :k], *tokens, *arrays)
        return self._shorter[k]


class Readings:
    """Every reading of a study, by source and example; requests are rendered once.

    Args:
        space: of the study.
        rubric: reads and marks completions.
        seed: the study's, part of every request's identity.
        logprobs: whether requests ask for log-probabilities.
        failed_count: whether a sample that could not be had counts, as a wrong answer; if not, another is asked for in
            its place. Of what follows from samples failed ones always count: a verdict that is none is no confidence.
    """

    def __init__(self, space: Space, rubric: Rubric, *, seed: int, logprobs: bool, failed_count: bool = False) -> None:
        self.space, self.rubric, self.seed, self.logprobs = space, rubric, seed, logprobs
        self.failed_count, self._own = failed_count, set[str]()
        self._replicates: dict[str, set[int]] = {}
        self.additions = 0  # how often samples came: what was looked for in vain need not be sought again before
        self._requests: dict[tuple[Source, str], Request] = {}
        self._samples: dict[str, list[Sample]] = {}
        self._readings: dict[tuple[str, str, str], Reading] = {}
        self._latencies: Mapping[str, Latency] = {}
        self._retimed: dict[tuple[str, str], list[Sample]] = {}

    def anew(self, latencies: Mapping[str, Latency]) -> "Readings":
        """Empty ones of the same study, in which some models (by id) take other times."""
        again = Readings(
            self.space, self.rubric, seed=self.seed, logprobs=self.logprobs, failed_count=self.failed_count
        )
        again._latencies = dict(latencies)
        return again

    def request(self, source: Source, example: Example) -> Request:
        """What `source` sends for `example`."""
        key = (source, example.id)
        if key not in self._requests:
            request = self.space.request(source, example, seed=self.seed, logprobs=self.logprobs)
            self._requests[key] = request
            self._own.add(request.key)
        return self._requests[key]

    def case(self, source: Source, example: Example) -> Case:
        """What a strategy may know of `example` under `source`."""
        return Case(self.request(source, example), example.fields)

    def add(self, request_key: str, samples: Iterable[Sample]) -> None:
        """Remember samples of a request; a replicate that is known already is left as it is."""
        self.additions += 1
        known, have = self._samples.setdefault(request_key, []), self._replicates.setdefault(request_key, set())
        fresh = [sample for sample in samples if sample.replicate not in have]
        have.update(sample.replicate for sample in fresh)
        known.extend(sample for sample in fresh if not self._replaced(request_key, sample))
        known.sort(key=lambda sample: sample.replicate)

    def _replaced(self, request_key: str, sample: Sample) -> bool:
        """Whether a sample could not be had, and another is asked for in its place."""
        return sample.error is not None and request_key in self._own and not self.failed_count

    def next_replicate(self, request: Request) -> int:
        """The number of the first sample that was never asked for."""
        return max(self._replicates.get(request.key, ()), default=-1) + 1

    def samples(self, request: Request) -> Sequence[Sample]:
        """The known samples of a request, by replicate."""
        known, latency = self._samples.get(request.key, ()), self._latencies.get(request.model.id)
        if latency is None:
            return known
        key = request.model.id, request.key  # models of two names may share a request
        if len(self._retimed.get(key, ())) < len(known):
            self._retimed[key] = [replace(sample, latency_s=latency.of(sample.latency_s)) for sample in known]
        return self._retimed.get(key, ())

    def request_keys(self) -> list[str]:
        """The requests of which samples are known, follow-ups too."""
        return [key for key, samples in self._samples.items() if samples]

    def of(self, source: Source, example: Example) -> Reading | None:
        """The reading of all known samples; None where there is none."""
        request = self.request(source, example)
        samples = self.samples(request)
        if not samples:
            return None
        key = request.model.id, request.key, example.id
        known = self._readings.get(key)
        if known is None or len(known) < len(samples):
            known = self._readings[key] = read(samples, self.rubric, example.reference, known)
        return known

    def count(self) -> int:
        """How many samples are known."""
        return sum(map(len, self._samples.values()))

    def unreadable_share(self, examples: Sequence[Example]) -> float:
        """The share of all samples of these examples in which no answer could be read."""
        pairs = ((source, example) for source in self.space.sources() for example in examples)
        readings = [reading for pair in pairs if (reading := self.of(*pair))]
        unreadable = sum(int(reading.returned[:, -1].sum()) for reading in readings)
        return unreadable / sum(map(len, readings)) if readings else 0.0


def read(samples: Sequence[Sample], rubric: Rubric, reference: str, before: Reading | None = None) -> Reading:
    """Parse and mark samples. A failed sample holds no answer, and no mark.

    Args:
        samples: of one request.
        rubric: reads and marks them.
        reference: that they are held against.
        before: a reading of some of them: what it holds is not parsed again.
    """
    said = dict(_said(before)) if before else {}
    said |= rubric.read(dict.fromkeys(one.text for one in samples if one.text not in said), reference)
    failed = (0.0,) * len(rubric.names)
    marks = [failed if sample.error else said[sample.text][1] for sample in samples]
    return Reading(
        votes=tuple(_vote(sample, said[sample.text][0], rubric) for sample in samples),
        marks=np.array(marks, dtype=np.float64).T,
        input_tokens=max(sample.input_tokens for sample in samples),
        cached_tokens=max(sample.cached_tokens for sample in samples),
        output_tokens=np.array([sample.output_tokens for sample in samples], dtype=np.float64),
        reasoning_tokens=np.array([sample.reasoning_tokens for sample in samples], dtype=np.float64),
        latency_s=np.array([sample.latency_s for sample in samples]),
        extra=np.zeros((3, len(samples))),
    )


def _said(before: Reading) -> Iterator[tuple[str, tuple[str | None, tuple[float, ...]]]]:
    """What a text was read and marked as; an empty one may have been a failed sample's."""
    for vote, marks in zip(before.votes, before.marks.T.tolist(), strict=True):
        if vote.text:
            yield vote.text, (vote.answer, tuple(marks))


def to_vote(sample: Sample, rubric: Rubric) -> Vote:
    """A sample as a strategy sees it."""
    return _vote(sample, None if sample.error else rubric.parse(sample.text), rubric)


def _vote(sample: Sample, answer: str | None, rubric: Rubric) -> Vote:
    return Vote(
        answer=None if sample.error else answer,
        logprob=float("-inf") if sample.logprob is None else sample.logprob,
        text=sample.text,
        tokens=sample.output_tokens,
        marks=(0.0,) * len(rubric.free) if sample.error else rubric.free_marks(sample.text),
        reasoning_tokens=sample.reasoning_tokens,
    )
