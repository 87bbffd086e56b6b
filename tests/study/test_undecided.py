"""What is open is compared in one unit: the utility that the study weighs, on all samples as on parts of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from jointopt.config import read_study
from jointopt.domain import Example, Policy
from jointopt.study import Study, undecided

WEIGHED = "preference: {quality: 2, cost_usd: 3000}\n"


@contextmanager
def _studied(file: Path, more: str = "") -> Iterator[Study]:
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    with Study(read_study(file)) as study:
        study.run()
        yield study


def _pair(study: Study, n: int) -> tuple[Policy, Policy]:
    """The study's two prompts by the strategy of so many samples."""
    first, second = (Policy(source, "single" if n == 1 else "majority", n) for source in study.plan.space.sources())
    return first, second


def _even(study: Study) -> list[Example]:
    """The examples that were sampled four times under both prompts."""
    readings, sources = study.parts.readings, list(study.plan.space.sources())
    depths = [(one, [len(readings.of(source, one) or ()) for source in sources]) for one in study.plan.task.dev]
    even = [one for one, found in depths if found == [4, 4]]
    assert len(even) > 1
    return even


@pytest.mark.parametrize(("more", "unit", "reach"), [("", "score", 1.0), (WEIGHED, "utility", 2.0)])
def test_halves_are_in_the_unit_of_the_whole(
    small_study: Callable[[int], Path], more: str, unit: str, reach: float
) -> None:
    """A single sample's utility is linear in the samples: the halves' mean is that of all, costs included."""
    with _studied(small_study(1200), more) as study:
        found = undecided.compare_pair(study.parts, *_pair(study, 1), _even(study), "one against the other")
    assert found is not None and found.halves is not None and found.halves.shape == (2, len(found.first))
    np.testing.assert_allclose(found.halves.mean(axis=0), found.first - found.second, atol=1e-9)
    assert np.abs(found.first - found.second).max() > 0 and (found.unit, found.reach) == (unit, reach)


def test_what_is_drawn_again_is_in_the_unit_of_the_whole(small_study: Callable[[int], Path]) -> None:
    """Where each sample is drawn again once, the utilities are those that were; so many times are drawn elsewhere."""
    with _studied(small_study(1200), WEIGHED) as study:
        pair, even = _pair(study, 4), _even(study)
        found = undecided.compare_pair(study.parts, *pair, even, "one against the other")
        once = undecided.redeal(study.parts, pair, even, lambda k: [np.arange(k)])
    assert found is not None and found.halves is None and found.redrawn is not None
    assert found.redrawn.shape == (undecided.REDRAWN, len(found.first)) and once is not None
    np.testing.assert_allclose(once[0], found.first - found.second, atol=1e-9)
