"""How good is whoever selects among samples, what would a better one bring, and is it being gamed?

Ratings and marks of single samples in; it does not know who rated them.
"""

from dataclasses import dataclass

from jointopt.analysis.estimate import Absent, Estimate
from jointopt.domain import Source


@dataclass(frozen=True, slots=True)
class Gamed:
    """Whether more samples please the judge and not the truth (over-optimisation: Gao et al. 2210.10760).

    Attributes:
        peak_n: the n at which the score is highest.
        last_n: the largest n.
        fall: score at `peak_n` minus score at `last_n`, with its 95% interval by a bootstrap over examples.
        rise: mean rating of the sample picked at `last_n` minus that at `peak_n`, in the judge's own unit.
        probability: that from the smallest n at which the study could stop, the score truly falls towards the largest n
            while the rating rises: the smaller chance over a split of the examples, so that the peak is not chosen by
            the luck that is then tested.
        alarm: whether it is at least `LIKELY`.
    """

    peak_n: int
    last_n: int
    fall: Estimate
    rise: Estimate
    probability: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class Judging:
    """A selector and what it makes of n samples.

    Attributes:
        source: whose samples are rated.
        strategy: label of the strategy that selects by the ratings.
        accuracy: the chance that a right sample is rated above a wrong one of the same question, ties counted half;
            mean over the questions that have both, with its 95% interval. 0.5 is a coin, 1 is the truth.
        questions: how many have both.
        ns: numbers of samples, ascending; N of them.
        scores: of the sample that is rated highest among n, at each n, N.
        ratings: mean rating of that sample at each n, in the judge's own unit, N.
        by_chance: the score of a sample picked by lot: what accuracy 0.5 brings, at every n.
        reach: the score of somebody who always picks a right one (pass@n), at each n, N.
        accuracies: from 0.5 to 1, A of them.
        curve: the score at the largest n of a judge of each of these accuracies, on the same samples (ratings normal,
            equally wide for right and wrong ones), A. A model, labelled as such; the ends are exact.
        gamed: whether more samples please the judge only; absent where there is but one n.
        examples: that all of it rests on.
    """

    source: Source
    strategy: str
    accuracy: Estimate
    questions: int
    ns: tuple[int, ...]
    scores: tuple[Estimate, ...]
    ratings: tuple[Estimate, ...]
    by_chance: float
    reach: tuple[float, ...]
    accuracies: tuple[float, ...]
    curve: tuple[float, ...]
    gamed: Gamed | Absent
    examples: int
