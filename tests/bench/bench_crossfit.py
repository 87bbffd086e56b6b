"""How often intervals of cross-fitted scores hold the truth, by the number of folds. Run by hand: a minute."""

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis.crossfit import cross_estimate
from jointopt.domain.scorecard import interval

STUDIES = 1000
Held = tuple[bool, bool, float]


def study(rng: np.random.Generator, shape: tuple[int, int], spread: float, folds: int) -> Held:
    """Whether the plain interval and the widened one hold the truth, and the error in plain standard errors."""
    choices, examples = shape
    truth = np.clip(0.5 + spread * rng.normal(size=choices), 0, 1)
    values: NDArray[np.float64] = (rng.random(shape) < truth[:, None]).astype(float)
    fold = rng.permutation(examples) % folds
    chosen = np.array([int(values[:, fold != one].mean(axis=1).argmax()) for one in range(folds)])[fold]
    scores, target = values[chosen, np.arange(examples)], float(truth[chosen].mean())
    low, high = interval(scores)
    wide = cross_estimate(scores)
    error = (float(scores.mean()) - target) / max(float(scores.std()) / examples**0.5, 1e-9)
    return low <= target <= high, wide.low <= target <= wide.high, error


def main() -> None:
    """Choices that are equal, alike and apart."""
    print(f"{STUDIES} studies each; interval: plain and widened by 1 + 1/pi; spread of the error in standard errors")
    for shape in ((2, 60), (30, 60), (30, 200), (500, 60)):
        for spread in (0.0, 0.02, 0.05, 0.1):
            rng = np.random.default_rng(0)
            for folds in (2, 5, 10):
                found = np.array([study(rng, shape, spread, folds) for _ in range(STUDIES)], dtype=float)
                plain, wide, _ = found.mean(axis=0)
                line = f"{shape[0]:4} choices, {shape[1]} examples, spread {spread:.2f}, {folds:2} folds"
                print(f"{line}: plain {plain:.3f} widened {wide:.3f} error {found[:, 2].std():.2f}")


if __name__ == "__main__":
    main()
