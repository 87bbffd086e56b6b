"""TRIPLE-SH (Shi et al. 2402.09723): sequential halving of prompts, one sample at a time, blind to strategy and n."""

from collections.abc import Iterator, Sequence
from math import ceil, log2

import numpy as np

from jointopt.search.samplers.pulls import Pulls
from jointopt.search.view import Buy, Integers, View


class Triple(Pulls):
    """Halves the prompts by their single samples, under the study's own preference."""

    def plan(self, view: View) -> Iterator[Sequence[Buy]]:
        """Halve until one is left."""
        self.begin(view)
        alive: Integers = np.arange(view.sources)
        rounds = max(ceil(log2(view.sources)), 1) if view.sources else 0
        for left in range(rounds, 0, -1):
            yield from self.share(view, alive, np.full_like(alive, int(view.depths.min())), view.room() // left)
            alone = self.means()[0].max(axis=1)
            alive = alive[np.argsort(-alone[alive], kind="stable")[: ceil(len(alive) / 2)]]


def build_triple(seed: int) -> Triple:
    """As in the paper."""
    return Triple(seed)
