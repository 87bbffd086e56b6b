"""TRIPLE-SH (Shi et al. 2402.09723): sequential halving of prompts, one sample at a time, blind to strategy and n."""

from collections.abc import Iterator, Sequence
from math import ceil, log2

import numpy as np

from jointopt.search.samplers.pulls import Pulls
from jointopt.search.view import Buy, Integers, View


class Triple(Pulls):
    """Halves the prompts by their single samples, under the study's own preference."""

    LEARNT = (*Pulls.LEARNT, "alive", "left")

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.alive: Integers = np.zeros(0, dtype=np.int64)
        self.left = 0

    def begin(self, view: View) -> None:
        """Every prompt is alive."""
        super().begin(view)
        self.alive = np.arange(view.sources)
        self.left = max(ceil(log2(view.sources)), 1) if view.sources else 0

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """Halve until one is left."""
        while self.left:
            self.set_mark()
            depths = np.full_like(self.alive, int(view.depths.min()))
            yield from self.share(view, self.alive, depths, view.room() // self.left)
            alone = self.means()[0].max(axis=1)
            self.alive = self.alive[np.argsort(-alone[self.alive], kind="stable")[: ceil(len(self.alive) / 2)]]
            self.left -= 1


def build_triple(seed: int) -> Triple:
    """As in the paper."""
    return Triple(seed)
