"""Policy search by sequential trimming (PSST, Mahmud et al. 2508.10030): the worse half is dropped, round by round."""

from collections.abc import Iterator, Sequence
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from jointopt.search.samplers.planned import Choice
from jointopt.search.samplers.pulls import Pulls
from jointopt.search.view import Buy, View

Flags = NDArray[np.bool_]


class Psst(Pulls):
    """R = ceil(log2 |A|) rounds with an equal part of the budget each.

    Every surviving prompt is pulled at its largest surviving n only, all equally often; under each preference the
    better half of its policies survives. A policy survives the round if it does so under any preference.
    """

    LEARNT = (*Pulls.LEARNT, "alive", "left")

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.alive: Flags = np.zeros((0, 0, 0), dtype=np.bool_)
        self.left = 0

    def begin(self, view: View) -> None:
        """Every policy is alive."""
        super().begin(view)
        self.keep(np.ones_like(self.sums, dtype=np.bool_))

    def keep(self, alive: Flags) -> None:
        """Let only some policies live, from now on for all the rounds that it takes to tell them apart."""
        self.alive, self.left = alive, ceil(log2(max(int(alive[0].sum()), 2)))

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """Halve what is alive, round by round."""
        while self.left:
            self.set_mark()
            anywhere: Flags = np.any(self.alive, axis=0)
            sources = np.flatnonzero(anywhere.any(axis=1))
            depths = np.where(anywhere[sources], view.depths, 0).max(axis=1)
            yield from self.share(view, sources, depths, view.room() // self.left)
            self.alive = np.array(
                [self._halve(alive, means) for alive, means in zip(self.alive, self.means(), strict=True)]
            )
            self.left -= 1

    def _halve(self, alive: Flags, means: NDArray[np.float64]) -> Flags:
        places = np.flatnonzero(alive.reshape(-1))
        shuffled = self.rng.permutation(places)  # equals are dropped by lot
        order = shuffled[np.argsort(-means.reshape(-1)[shuffled], kind="stable")]
        kept = np.zeros(alive.size, dtype=np.bool_)
        kept[order[: ceil(len(order) / 2)]] = True
        return kept.reshape(alive.shape)

    def best(self, view: View) -> list[Choice]:
        """The highest mean reward among what survived."""
        means = np.where(self.alive, self.means(), -np.inf)
        rows = [row if np.isfinite(row).any() else every for row, every in zip(means, self.means(), strict=True)]
        return [(int(row.argmax()) // view.tactics, int(row.argmax()) % view.tactics) for row in rows]


def build_psst(seed: int) -> Psst:
    """As in the paper."""
    return Psst(seed)
