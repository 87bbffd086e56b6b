"""How often do 95% intervals hold the truth, when the policies compared are winners of a noisy search? Run by hand.

Prompts x strategies are scored on dev, right or wrong; joint takes the best of all, prompt-first the best prompt at the
first strategy and then that prompt's best strategy; the default is never chosen, only there. The truth is known. Held
against it: the difference on the sealed half, which the study reports; the same with Student's t; the difference on
dev, as if nobody had chosen there; and the cross-fitted difference, where every fold of dev is scored by what is chosen
from the others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jointopt.analysis import Difference, paired_difference

PROMPTS, STRATEGIES = 10, 10
SEALED = (10, 20, 50, 150)
DEV, FOLDS = 60, 5
TIMES = 500
WORLDS = (("100 equal policies", 0.0, 0.6), ("100 unequal policies", 0.5, 0.6), ("unequal, most right", 0.5, 0.95))
EASE = 1.5  # how much examples differ, in logits
STUDENT = {10: 2.262, 20: 2.093, 50: 2.010, 150: 1.976}  # 97.5% points, Q - 1 degrees

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """Policies whose logits are known, and what they score on any example."""

    logits: Floats  # (prompts, strategies)
    truth: Floats  # the mean scores, (prompts, strategies)

    @classmethod
    def draw(cls, rng: np.random.Generator, spread: float, level: float) -> "World":
        """A world whose policies differ by `spread` logits about a chance; 0: not at all."""
        logits = np.log(level / (1 - level)) + rng.normal(0, spread, (PROMPTS, STRATEGIES))
        ease = rng.normal(0, EASE, 20_000)[:, None]
        truth = (1 / (1 + np.exp(-(logits.ravel() + ease)))).mean(axis=0)
        return cls(logits, truth.reshape(logits.shape))

    def score(self, rng: np.random.Generator, examples: int) -> Floats:
        """Right or wrong, shape (examples, prompts, strategies)."""
        chances = 1 / (1 + np.exp(-(self.logits + rng.normal(0, EASE, (examples, 1, 1)))))
        return (rng.random(chances.shape) < chances).astype(np.float64)


def main() -> None:
    """Print coverage, and how often a difference is called real."""
    rng = np.random.default_rng(0)
    print(f"{TIMES} studies each; 95% intervals should hold the truth in 0.950, give or take 0.019; dev {DEV} examples")
    for title, spread, level in WORLDS:
        worlds = [World.draw(rng, spread, level) for _ in range(10)]
        for rival in ("the default", "prompt first"):
            print(f"{title}, joint against {rival}:")
            for sealed in SEALED:
                held = np.array([sealed_holds(rng, worlds[i % 10], sealed, rival) for i in range(TIMES)])
                shares = held.mean(axis=0)
                print(
                    f"  sealed {sealed:4}: reported {shares[0]:.3f}   p < 0.05 {shares[2]:.3f}   t {shares[1]:.3f}",
                    flush=True,
                )
            dev = np.array([dev_holds(rng, worlds[i % 10], rival) for i in range(TIMES)])
            cover, folds, bias = dev.mean(axis=0)
            print(f"  on dev as it is {cover:.3f} (flattered by {100 * bias:+.1f} points)   cross-fitted {folds:.3f}")


def choose(seen: Floats, rival: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """What joint and its rival choose from scores, shape (examples, prompts, strategies)."""
    means = seen.mean(axis=0)
    joint = divmod(int(means.argmax()), STRATEGIES)
    if rival == "the default":
        return joint, (0, 0)
    prompt = int(means[:, 0].argmax())
    return joint, (prompt, int(means[prompt].argmax()))


def study(
    rng: np.random.Generator, world: World, sealed: int, rival: str = "prompt first"
) -> tuple[Difference, float, Floats]:
    """A whole study: what is reported of the sealed half, the truth, and the gaps."""
    joint, other = choose(world.score(rng, DEV), rival)
    scores = world.score(rng, sealed)
    found = paired_difference(scores[:, *joint], scores[:, *other])
    return found, float(world.truth[joint] - world.truth[other]), scores[:, *joint] - scores[:, *other]


def sealed_holds(rng: np.random.Generator, world: World, sealed: int, rival: str) -> tuple[bool, bool, bool]:
    """Whether the reported interval and Student's hold the truth, and whether p calls a difference real."""
    found, truth, gaps = study(rng, world, sealed, rival)
    margin = STUDENT[sealed] * gaps.std(ddof=1) / sealed**0.5
    return found.low <= truth <= found.high, bool(abs(found.mean - truth) <= margin + 1e-12), found.p < 0.05


def dev_holds(rng: np.random.Generator, world: World, rival: str) -> tuple[bool, bool, float]:
    """Whether the intervals of the dev half hold the truth, as it is and cross-fitted, and how far the first is off."""
    seen = world.score(rng, DEV)
    joint, other = choose(seen, rival)
    plain, truth = paired_difference(seen[:, *joint], seen[:, *other]), world.truth[joint] - world.truth[other]
    gaps, truths, folds = np.zeros(DEV), np.zeros(DEV), np.arange(DEV) % FOLDS
    for fold in range(FOLDS):
        held = folds == fold
        one, two = choose(seen[~held], rival)
        gaps[held] = (seen[:, *one] - seen[:, *two])[held]
        truths[held] = world.truth[one] - world.truth[two]
    nested = paired_difference(gaps, np.zeros(DEV))
    return plain.low <= truth <= plain.high, nested.low <= truths.mean() <= nested.high, plain.mean - float(truth)


if __name__ == "__main__":
    main()
