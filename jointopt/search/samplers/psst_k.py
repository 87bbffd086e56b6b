"""PSST+K (Mahmud et al. 2508.10030): the K prompts that are best alone first, then PSST over these."""

from collections.abc import Iterator, Sequence

import numpy as np

from jointopt.search.samplers.psst import Psst
from jointopt.search.view import Buy, View

ALONE = 0.2  # of the budget, at n = 1


class PsstK(Psst):
    """Spends a fifth of the budget on single samples, and keeps K prompts under each preference.

    Args:
        seed: of its choices.
        k: prompts kept; 1 is tuning the prompt first, and the strategy after it.
    """

    def __init__(self, seed: int, k: int = 8) -> None:
        super().__init__(seed)
        self.k = k

    def begin(self, view: View) -> None:
        """No policy is alive before the prompts are told apart."""
        super().begin(view)
        self.left = 0

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """Prompts first, then policies."""
        if not self.left:
            yield from self._alone(view)
        yield from super().rounds(view)

    def _alone(self, view: View) -> Iterator[Sequence[Buy]]:
        """Single samples of every prompt; then the policies of the best prompts are alive."""
        every = np.arange(view.sources)
        yield from self.share(view, every, np.full_like(every, int(view.depths.min())), int(view.room() * ALONE))
        alone = self.means().max(axis=2)
        kept = np.argsort(-alone, axis=1, kind="stable")[:, : self.k]
        alive = np.zeros_like(self.sums, dtype=np.bool_)
        for row, sources in zip(alive, kept, strict=True):
            row[sources] = True
        self.keep(alive)


def build_psst_k(seed: int) -> PsstK:
    """With the eight best prompts."""
    return PsstK(seed)
