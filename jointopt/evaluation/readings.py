"""What the samples of a request say: read and graded once, used for every strategy and every n.

This is where votes and truth meet, side by side and apart: strategies are only ever handed the votes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Example, Request, Sample, Source, Space, Vote
from jointopt.grading import Grader


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """K samples of one request, read. Arrays have shape (K,).

    Attributes:
        votes: what each sample answered.
        gold: the score of each answer, 0 to 1.
        input_tokens: of the prompt; billed once per request, whatever its n.
        output_tokens: of each completion.
        latency_s: of each completion's request.
        scores: expected scores by (strategy, n), as far as they have been worked out.
    """

    votes: tuple[Vote, ...]
    gold: NDArray[np.float64]
    input_tokens: int
    output_tokens: NDArray[np.float64]
    latency_s: NDArray[np.float64]
    scores: dict[tuple[str, int], float] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.votes)

    def first(self, k: int) -> "Reading":
        """The same request as if only its first k samples had been drawn."""
        if k >= len(self):
            return self
        return Reading(self.votes[:k], self.gold[:k], self.input_tokens, self.output_tokens[:k], self.latency_s[:k])


class Readings:
    """Every reading of a study, by source and example; requests are rendered once.

    Args:
        space: of the study.
        grader: reads and marks completions.
        seed: the study's, part of every request's identity.
        logprobs: whether requests ask for log-probabilities.
    """

    def __init__(self, space: Space, grader: Grader, *, seed: int, logprobs: bool) -> None:
        self.space, self.grader, self.seed, self.logprobs = space, grader, seed, logprobs
        self._requests: dict[tuple[Source, str], Request] = {}
        self._samples: dict[str, list[Sample]] = {}
        self._readings: dict[tuple[str, str], Reading] = {}

    def request(self, source: Source, example: Example) -> Request:
        """What `source` sends for `example`."""
        key = (source, example.id)
        if key not in self._requests:
            self._requests[key] = self.space.request(source, example, seed=self.seed, logprobs=self.logprobs)
        return self._requests[key]

    def add(self, request_key: str, samples: Iterable[Sample]) -> None:
        """Remember samples of a request; a replicate that is known already is left as it is."""
        known = self._samples.setdefault(request_key, [])
        have = {sample.replicate for sample in known}
        known.extend(sample for sample in samples if sample.replicate not in have)
        known.sort(key=lambda sample: sample.replicate)

    def samples(self, request: Request) -> Sequence[Sample]:
        """The known samples of a request, by replicate."""
        return self._samples.get(request.key, ())

    def of(self, source: Source, example: Example) -> Reading | None:
        """The reading of all known samples; None where there is none."""
        request = self.request(source, example)
        samples = self.samples(request)
        if not samples:
            return None
        key = (request.key, example.id)
        known = self._readings.get(key)
        if known is None or len(known) < len(samples):
            known = self._readings[key] = read(samples, self.grader, example.reference)
        return known

    def count(self) -> int:
        """How many samples are known."""
        return sum(map(len, self._samples.values()))

    def unreadable_share(self, examples: Sequence[Example]) -> float:
        """The share of all samples of these examples in which no answer could be read."""
        pairs = ((source, example) for source in self.space.sources() for example in examples)
        votes = [vote for pair in pairs if (reading := self.of(*pair)) for vote in reading.votes]
        return sum(vote.answer is None for vote in votes) / len(votes) if votes else 0.0


def read(samples: Sequence[Sample], grader: Grader, reference: str) -> Reading:
    """Parse and grade samples. A failed sample holds no answer."""
    answers = [None if sample.error else grader.parse(sample.text) for sample in samples]
    grades = {answer: grader.grade(answer, reference) for answer in set(answers)}
    logprobs = [float("-inf") if sample.logprob is None else sample.logprob for sample in samples]
    return Reading(
        votes=tuple(Vote(answer, logprob) for answer, logprob in zip(answers, logprobs, strict=True)),
        gold=np.array([grades[answer] for answer in answers]),
        input_tokens=max(sample.input_tokens for sample in samples),
        output_tokens=np.array([sample.output_tokens for sample in samples], dtype=np.float64),
        latency_s=np.array([sample.latency_s for sample in samples]),
    )
