"""Where does a rising curve of votes end? An extrapolation, never a measurement.

A power law fitted to the scores at small n is no help: a vote's curve bends where its questions are decided, and two
votes are worth no more than one. What is believed of each question's answers has to be played on instead
(`evaluation/extrapolate`); this noun holds what came of it.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Saturation:
    """A curve of votes, as far as it was measured and where it is expected to end.

    Attributes:
        prompt: id.
        model: id.
        ns: the numbers of samples at which it was measured, ascending; N of them.
        scores: measured at these, N.
        beyond_ns: larger numbers of samples, ascending.
        beyond: expected score at these, extrapolated.
        ceiling: at the largest of them, so many that more change nothing; with its 95% interval.
        label: what has to stand beside it: that it is extrapolated, and from how many samples.
    """

    prompt: str
    model: str
    ns: tuple[int, ...]
    scores: tuple[float, ...]
    beyond_ns: tuple[int, ...]
    beyond: tuple[Estimate, ...]
    ceiling: Estimate
    label: str
