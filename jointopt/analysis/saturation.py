"""Where does a rising curve end? A ceiling fitted to scores over n: an extrapolation, never a measurement."""

from dataclasses import dataclass

from jointopt.analysis.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Saturation:
    """The curve ``score(n) = ceiling - drop x n^-rate`` that fits best.

    Attributes:
        ns: the numbers of samples it was fitted to, ascending; N of them.
        scores: measured at these, N.
        fitted: by the curve at these, N.
        ceiling: at infinitely many samples, with its 95% interval by a bootstrap over examples, the fit included.
        rate: of the approach; the larger, the sooner.
        label: what has to stand beside it: that it is extrapolated, and from what.
    """

    ns: tuple[int, ...]
    scores: tuple[float, ...]
    fitted: tuple[float, ...]
    ceiling: Estimate
    rate: float
    label: str
