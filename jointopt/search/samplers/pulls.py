"""What bandit algorithms over policies share: pulls of one random example each, and the mean reward of every policy."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from jointopt.search.samplers.planned import Choice, Planned
from jointopt.search.view import Buy, Floats, Integers, View


class Pulls(Planned):
    """A sampler that pulls sources: one pull is one random example, and N samples of it.

    Smaller n reuse the N samples, every preference is scored from them, and all rewards are kept (the paper's
    "stockpiling"; Mahmud et al. 2508.10030).
    """

    LEARNT: ClassVar[Sequence[str]] = ("rng", "sums", "pulled")
    why = "all its rounds are over"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.sums: Floats = np.zeros((0, 0, 0))
        self.pulled: Integers = np.zeros((0, 0), dtype=np.int64)

    def begin(self, view: View) -> None:
        """Nothing is known yet."""
        self.sums = np.zeros((view.preferences, view.sources, view.tactics))
        self.pulled = np.zeros((view.sources, view.tactics), dtype=np.int64)

    def pull(self, view: View, source: int, depth: int, times: int) -> Buy:
        """Pull a source so many times, with `depth` samples each."""
        deepest = int(np.where(view.depths <= depth, view.depths, 0).argmax())
        return Buy(source, deepest, self.rng.integers(view.examples, size=times), depth)

    def learn(self, view: View, buys: Sequence[Buy]) -> None:
        """Keep the rewards of what was pulled."""
        for buy in buys:
            rewards = view.rewards(buy)
            seen = ~np.isnan(rewards[0, :, 0])
            self.sums[:, buy.source, seen] += rewards[:, seen].sum(axis=2)
            self.pulled[buy.source, seen] += len(buy.examples)

    def share(self, view: View, sources: Integers, depths: Integers, calls: int) -> Iterator[Sequence[Buy]]:
        """Pull sources equally often, each at its depth, with so many calls in all.

        Where they do not pay for one pull each, depths are cut (the paper's rule gives nobody a pull there, and its
        code overspends); where they do not even pay for one sample each, chance decides who is pulled.
        """
        if calls < depths.sum():
            if calls < len(sources):
                sources = np.sort(self.rng.choice(sources, size=max(calls, 0), replace=False))
            depths = np.full(len(sources), max(calls // max(len(sources), 1), 1)).clip(max=int(depths.max()))
        times = calls // max(int(depths.sum()), 1)
        pairs = zip(sources, depths, strict=True)
        pulls = [self.pull(view, int(source), int(depth), times) for source, depth in pairs if times > 0 < depth]
        if pulls:
            yield pulls

    def means(self) -> Floats:
        """Mean reward of every policy under each preference, shape (C, S, X); -inf where there was none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            means = self.sums / self.pulled
        return np.where(self.pulled > 0, means, -np.inf)

    def best(self, view: View) -> list[Choice]:
        """The highest mean reward under each preference."""
        return [_place(means, view) for means in self.means()]


def _place(means: Floats, view: View) -> Choice:
    source, tactic = divmod(int(means.argmax()), view.tactics)
    return source, tactic
