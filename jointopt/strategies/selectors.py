"""Who rates samples: by their log-probability, length, stated confidence, objectives, a judge, or a user's function.

A selector rates one vote at a time, and does not know the truth. Ratings have no unit: the higher the better. Those
that speak of confidence lie in 0 to 1.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from jointopt.domain import Judge, Message, Vote
from jointopt.errors import StrategyError
from jointopt.strategies.base import Ask, Case, Rating

_STATED = re.compile(r"confiden\w*\W{0,5}(?:is|of)?\W{0,3}(\d+(?:\.\d+)?)\s*(%|/\s*10\b)?", re.IGNORECASE)
_MARK = re.compile(r"(?<![\d.])(-?\d+(?:\.\d+)?)(?:\s*(?:/|(?:out )?of)\s*(\d+(?:\.\d+)?))?")
_TRUE = re.compile(r"\W*(true|yes)\b", re.IGNORECASE)
_FALSE = re.compile(r"\W*(false|no)\b", re.IGNORECASE)


class Selector(ABC):
    """Rates samples."""

    needs_logprobs = False
    follows = False

    def rate(self, case: Case, vote: Vote) -> Rating:
        """The vote with its rating; may ask."""
        return replace(vote, rating=self.value(vote))
        yield  # a generator that asks nothing

    @abstractmethod
    def value(self, vote: Vote) -> float:
        """The rating of a vote."""


@dataclass(frozen=True)
class LogProb(Selector):
    """How likely the model thought its own words: exp of their mean log-probability, 0 to 1.

    Needs log-probabilities.
    """

    needs_logprobs = True

    def value(self, vote: Vote) -> float:
        """The geometric mean of the tokens' probabilities."""
        return math.exp(vote.logprob)


LOGPROB = LogProb()


@dataclass(frozen=True)
class Length(Selector):
    """The fewer tokens the better: 1 / (1 + tokens). Where there are none, as after a failure: 0."""

    def value(self, vote: Vote) -> float:
        """From 1/2 downwards."""
        return 1 / (1 + vote.tokens) if vote.tokens else 0.0


@dataclass(frozen=True)
class Stated(Selector):
    """The confidence that the completion states in words: ``Confidence: 85%``, ``confidence: 0.85``, ``8.5/10``.

    A completion that states none has none: 0.
    """

    def value(self, vote: Vote) -> float:
        """The last one stated, 0 to 1."""
        found = _STATED.findall(vote.text)
        if not found:
            return 0.0
        number, unit = float(found[-1][0]), found[-1][1]
        if unit:
            return min(1.0, number / (100 if unit == "%" else 10))
        return number if number <= 1 else min(1.0, number / 100)


@dataclass(frozen=True)
class Objectives(Selector):
    """The weighted sum of the task's objectives that need no reference, under the study's preference.

    Attributes:
        weights: of the objectives, in the order of a vote's marks.
    """

    weights: tuple[float, ...]

    def value(self, vote: Vote) -> float:
        """Score points."""
        return sum(weight * mark for weight, mark in zip(self.weights, vote.marks, strict=True))


@dataclass(frozen=True)
class PTrue(Selector):
    """The probability that the model itself gives to its answer being right (Kadavath et al. 2207.05221).

    One more request for every sample: the model is shown its answer and says True or False, and the log-probability
    of that word is the confidence. Needs log-probabilities.
    """

    needs_logprobs = True
    follows = True

    def rate(self, case: Case, vote: Vote) -> Rating:
        """Ask the model about its own answer."""
        question = "Is the answer above right? Reply with one word, True or False."
        turns = (Message("assistant", vote.text), Message("user", question))
        model = replace(case.request.model, max_tokens=min(4, case.request.model.max_tokens))
        messages = (*case.request.messages, *turns)
        request = replace(case.request, model=model, messages=messages, temperature=0.0, logprobs=True)
        ((verdict,),) = yield [Ask(1, request)]
        return replace(vote, rating=self.value(verdict))

    def value(self, vote: Vote) -> float:
        """Read from the verdict: the probability of True, or of not False; none of either is no confidence."""
        sure = math.exp(vote.logprob)
        denied = bool(_FALSE.match(vote.text)) and math.isfinite(vote.logprob)
        return sure if _TRUE.match(vote.text) else 1 - sure if denied else 0.0


@dataclass(frozen=True)
class Judged(Selector):
    """A judge's mark, as a share of its best: one more request for every sample.

    A verdict without a number is 0.
    """

    judge: Judge = field(hash=False)  # equal judges are equal; a model has parts that cannot be hashed
    follows = True

    def rate(self, case: Case, vote: Vote) -> Rating:
        """Ask the judge."""
        request = self.judge.request(case.fields, vote.text, case.request.seed)
        ((verdict,),) = yield [Ask(1, request)]
        return replace(vote, rating=self.value(verdict))

    def value(self, vote: Vote) -> float:
        """The last number of the verdict, as a share of what it is out of, 0 to 1."""
        found = _MARK.findall(vote.text)
        if not found:
            return 0.0
        mark, best = found[-1]
        return min(1.0, max(0.0, float(mark) / (float(best or 0) or self.judge.best)))


@dataclass(frozen=True)
class Own(Selector):
    """A user's function, named by its dotted path: takes a vote, returns a number.

    Attributes:
        path: ``package.module:function``.
        function: what stands there.
    """

    path: str
    function: Callable[[Vote], object] = field(compare=False, repr=False)

    def value(self, vote: Vote) -> float:
        """What the function says.

        Raises:
            StrategyError: it fails, or says no number.
        """
        try:
            rating = self.function(vote)
        except Exception as error:
            told = f"{self.path} failed: {type(error).__name__}: {error}"
            raise StrategyError(told, where="by", mend="mend the function; samples that arrived are kept") from error
        if isinstance(rating, bool | int | float) and not math.isnan(rating):
            return float(rating)
        raise StrategyError(f"{self.path} returned {rating!r}", where="by", mend="return a number")
