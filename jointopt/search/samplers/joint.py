"""Our own: few samples of many examples, the same for all; whole curves over n; who cannot win any more is dropped.

Every prompt that is still in the race is sampled on the same examples, new ones first, so that prompts are compared
question by question. Pools are completed from what all of them answered (`evaluation.complete`), which gives every
tactic at every n. How sure that is, a Bayesian bootstrap over examples says: prompts that have little chance to be the
best under any preference leave the race, half of them a round at most, and what they would have cost deepens the rest.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from jointopt.search.samplers.planned import Choice, Planned
from jointopt.search.view import Buy, Floats, Integers, View

ROUNDS = 10  # in which the budget is spent
LEAST = 8  # examples in a round
WORLDS = 256  # of the bootstrap over examples
RISK = 0.05  # that a better policy is missed by more than is said
DRAWS, LAST_DRAWS = 24, 64  # completions of a pool while racing, and for the last word


class Joint(Planned):
    """Races prompts by the best policy that each could still offer under every preference.

    Args:
        seed: of its choices.
        drop: a prompt leaves when those above it hold all but this much of the chance to be best, under each
            preference.
        sure: stop when no policy beats the best one by more than this (utility), with probability 1 - `RISK`, under any
            preference; None: never before the budget is spent.
    """

    LEARNT = "rng", "why", "left", "race", "tactics", "visits"

    def __init__(self, seed: int, *, drop: float = 0.03, sure: float | None = 0.01) -> None:
        super().__init__(seed)
        self.drop, self.sure = drop, sure
        self.left = ROUNDS
        self.race: Integers = np.zeros(0, dtype=np.int64)
        self.tactics: Integers = np.zeros(0, dtype=np.int64)  # the best one of each source by now
        self.visits = 0  # that every prompt of the race has had

    def least(self, view: View) -> int:
        """A round of all prompts."""
        return view.sources * view.portion * min(LEAST, view.examples)

    def begin(self, view: View) -> None:
        """Every source is in the race."""
        self.left, self.visits, self.why = ROUNDS, 0, type(self).why
        self.race, self.tactics = np.arange(view.sources), np.zeros(view.sources, dtype=np.int64)

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """Race until the budget is spent, or nothing is left to decide."""
        each = view.portion
        while True:
            self.set_mark()
            room, turn = view.room(), each * len(self.race)
            visits = min(max(room // max(self.left, 1), LEAST * turn), room) // turn
            if visits < 1:
                return
            if self.visits * each >= view.examples * int(view.depths.max()):
                self.why = "what is still in the race has as many samples as any policy asks for"
                return
            yield self._visit(view, visits, each)
            worlds = self._worlds(view.expected(self.race, self._seen(view), DRAWS))
            self.tactics[self.race] = worlds[0].mean(axis=2).argmax(axis=1)
            expected, most = _regret(worlds, RISK)
            self.why = f"the budget is spent; {_gain(expected, most)}"
            if self.sure is not None and most <= self.sure:
                kept = f"{view.room():,} completions are left, which could buy no more"
                self.why = (
                    f"no policy is likely to be better by more than {self.sure:g}; {_gain(expected, most)}; {kept}"
                )
                return
            self.race = self.race[self._open(worlds.max(axis=2))]
            self.left -= 1

    def best(self, view: View) -> list[Choice]:
        """The highest mean of what is expected, among those still in the race; the first, where nothing was seen."""
        means = view.expected(self.race, self._seen(view), LAST_DRAWS).mean(axis=3)
        places = [divmod(int(np.nan_to_num(mean, nan=-np.inf).argmax()), view.tactics) for mean in means]
        return [(int(self.race[source]), tactic) for source, tactic in places]

    def _visit(self, view: View, visits: int, each: int) -> list[Buy]:
        """The next examples in turn, the first again after the last."""
        turn = np.arange(self.visits, self.visits + visits) % view.examples
        self.visits += visits
        return [Buy(int(source), int(self.tactics[source]), turn, each) for source in self.race]

    def _seen(self, view: View) -> Integers:
        """The examples that every prompt of the race was sampled on."""
        return np.arange(min(self.visits, view.examples))

    def _worlds(self, expected: Floats) -> Floats:
        """Mean utility in worlds where examples weigh at random, shape (C, S', X, worlds)."""
        weights = self.rng.standard_exponential((WORLDS, expected.shape[3]))
        weights /= weights.sum(axis=1, keepdims=True)
        means = expected.reshape(-1, expected.shape[3]) @ weights.T  # one product: many small ones are slow
        return np.nan_to_num(means.reshape(*expected.shape[:3], WORLDS), nan=-np.inf)

    def _open(self, best: Floats) -> Integers:
        """Who may still be the best under some preference; `best` is each prompt's, shape (C, S', worlds)."""
        kept: set[int] = set()
        for row in best:
            chances = np.bincount(row.argmax(axis=0), minlength=len(row)) / row.shape[1]
            falling = np.argsort(-chances, kind="stable")
            enough = int(np.searchsorted(chances[falling].cumsum(), 1 - self.drop)) + 1
            kept.update(int(place) for place in falling[:enough])
        behind = (best.max(axis=1, keepdims=True) - best).mean(axis=2).min(axis=0)
        kept.update(int(place) for place in np.argsort(behind, kind="stable")[: -(-len(behind) // 2)])
        return np.array(sorted(kept), dtype=np.int64)


def _regret(worlds: Floats, risk: float) -> tuple[float, float]:
    """What the leader loses to the best policy of each world: on average, and at most but for a risk; under the
    preference where that is most.
    """
    flat = worlds.reshape(len(worlds), -1, worlds.shape[3])
    leaders = flat.mean(axis=2).argmax(axis=1)
    lost = flat.max(axis=1) - flat[np.arange(len(flat)), leaders]
    return float(lost.mean(axis=1).max()), float(np.quantile(lost, 1 - risk, axis=1).max())


def _gain(expected: float, most: float) -> str:
    """What is left to win. To know every policy's worth on questions like those seen is as much as samples can buy, so
    neither number is less than what any remaining budget would bring (value of perfect information, Howard 1966).
    """
    return f"a choice without doubt would gain {expected:.3f}, and {most:.3f} at most with {1 - RISK:.0%} probability"


def build_joint(seed: int) -> Joint:
    """With nothing for the user to set."""
    return Joint(seed)
