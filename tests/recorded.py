"""Recorded answers of a real 70B model to 316 MATH questions under 25 prompts, where they are at hand."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jointopt.evaluation import Stakes
from jointopt.strategies import Ballots

SAMPLES = 128
FOLDER = Path(os.environ.get("JOINTOPT_BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True, eq=False)
class Recorded:
    """The recorded pool.

    Attributes:
        counts: how many of 128 samples fell into each answer class, shape (25, 316, 5).
        right: the right class of each question, shape (316,).
    """

    counts: NDArray[np.int64]
    right: NDArray[np.int64]

    def pools(self, *prompts: int) -> tuple[Ballots, Stakes]:
        """The 128 samples of each question under some prompts, as ballots, and what each is worth."""
        counts = self.counts[list(prompts)].reshape(-1, self.counts.shape[2])
        ordered = np.array([np.repeat(np.arange(len(each)), each) for each in counts], dtype=np.int16)
        answers = np.random.default_rng(0).permuted(ordered, axis=1)  # samples come in no order
        return _worth(answers, np.tile(self.right, len(prompts)))

    def drawn(self, prompt: int, samples: int, times: int) -> tuple[Ballots, Stakes]:
        """Fresh samples of each question, some times over, drawn from the recorded shares under a prompt."""
        rng = np.random.default_rng(0)
        shares = self.counts[prompt] / SAMPLES
        answers = [rng.choice(len(each), size=(times, samples), p=each) for each in shares]
        return _worth(np.concatenate(answers).astype(np.int16), np.repeat(self.right, times))


def _worth(answers: NDArray[np.int16], right: NDArray[np.int64]) -> tuple[Ballots, Stakes]:
    """Votes without ratings, each one token long and without a thought: 1 where they are right."""
    worth = np.stack([answers == right[:, None], np.zeros(answers.shape)], axis=2)
    paid = np.zeros((*answers.shape, 5))
    paid[..., 0] = 1.0
    ballots = Ballots(answers, np.full(answers.shape, np.nan), np.ones(answers.shape, dtype=np.int64))
    return ballots, Stakes(worth, paid, np.zeros(len(answers)))


def read_recorded() -> Recorded | None:
    """The recorded pool, or None where it is not at hand (`JOINTOPT_BENCH_DATA` says where it is)."""
    file = FOLDER / "iapo_math.npz"
    if not file.is_file():
        return None
    with np.load(file) as arrays:
        counts = np.rint(arrays["probs"] * SAMPLES).astype(np.int64)
        return Recorded(counts, np.asarray(arrays["answers"], dtype=np.int64))
