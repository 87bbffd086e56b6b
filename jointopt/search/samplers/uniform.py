"""Every prompt equally often at the largest n: what a search without a search would do."""

from collections.abc import Iterator, Sequence

import numpy as np

from jointopt.search.samplers.pulls import Pulls
from jointopt.search.view import Buy, View


class Uniform(Pulls):
    """Pulls every source at the largest n until the budget is spent."""

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """One share of it for each."""
        every = np.arange(view.sources)
        yield from self.share(view, every, np.full_like(every, int(view.depths.max())), view.room())


def build_uniform(seed: int) -> Uniform:
    """Without a choice."""
    return Uniform(seed)
