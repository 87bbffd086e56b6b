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

    def plan(self, view: View) -> Iterator[Sequence[Buy]]:
        """Prompts first, then policies."""
        self.begin(view)
        every = np.arange(view.sources)
        yield from self.share(view, every, np.full_like(every, int(view.depths.min())), int(view.room() * ALONE))
        alone = self.means().max(axis=2)
        kept = np.argsort(-alone, axis=1, kind="stable")[:, : self.k]
        self.alive = np.zeros_like(self.sums, dtype=np.bool_)
        for alive, sources in zip(self.alive, kept, strict=True):
            alive[sources] = True
        yield from self.trim(view)


def build_psst_k(seed: int) -> PsstK:
    """With the eight best prompts."""
    return PsstK(seed)
