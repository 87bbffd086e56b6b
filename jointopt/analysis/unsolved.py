"""Of the questions that nobody has answered yet, how many would more samples answer?

By counts alone: how many questions were answered right once, twice, never. No shape of their chances is assumed.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Forecast:
    """What so many more samples of each question are expected to solve: a forecast, not a measurement.

    Attributes:
        more: further samples of each question, from the same sources in the same parts.
        solved: how many of the unsolved questions would be solved, and the 95% interval by a bootstrap over questions.
        probability: that at least one would be, 0 to 1.
    """

    more: int
    solved: Estimate
    probability: float


@dataclass(frozen=True, slots=True)
class Unsolved:
    """The questions that no sample answered right.

    Attributes:
        examples: their ids.
        samples: that each of them was asked for, of all sources together, on average.
        within_reach: how many of them have any chance of being solved at all by samples of these sources: a lower bound
            (Chao 1987), with its 95% interval.
        forecasts: as many samples again, then 2 and 4 times as many.
        label: what has to stand beside these numbers: method, source, and that they are a forecast.
    """

    examples: tuple[str, ...]
    samples: float
    within_reach: Estimate
    forecasts: tuple[Forecast, ...]
    label: str
