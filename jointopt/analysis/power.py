"""What would settle the comparison that is open? A forecast of examples and samples, never a result."""

from dataclasses import dataclass

from jointopt.analysis.significance import Difference


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes to settle a difference of some size: a 95% interval that leaves 0 out, in 4 of 5 repetitions.

    Attributes:
        difference: supposed to be the true one, in score.
        examples: needed, with as many samples of each as now; None where more than `MOST` are.
        deep_examples: needed, if each of them were sampled so often that sampling adds nothing; None likewise.
        samples: of each of today's examples that would do; None where no number does, for the examples differ too much.
    """

    difference: float
    examples: int | None
    deep_examples: int | None
    samples: int | None


@dataclass(frozen=True, slots=True)
class Power:
    """The closest comparison that is not settled, and what would settle it.

    Attributes:
        question: in words: what is compared, and where.
        difference: as it is now.
        examples: that it rests on.
        samples: of each example and policy that it rests on.
        example_variance: of the paired difference from example to example, in squared score, sampling taken out.
        sampling_variance: that the samples add to it for each example, at today's number of samples.
        exact: whether the sampling variance was measured by splitting the samples; where not, it is the most that is
            possible (as if every answer were a draw of its own), and `example_variance` what is left.
        least: the smallest true difference that today's examples and samples would settle in 4 of 5 repetitions.
        needs: for the difference as it is now (if it is not 0), then for 1, 2 and 5 points.
        label: what has to stand beside all this.
    """

    question: str
    difference: Difference
    examples: int
    samples: int
    example_variance: float
    sampling_variance: float
    exact: bool
    least: float
    needs: tuple[Need, ...]
    label: str = "a forecast from today's variances: no result"
