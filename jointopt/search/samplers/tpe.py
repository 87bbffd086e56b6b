"""The tree-structured Parzen estimator, which learns from every policy that the pool scores: from the harvest, too."""

from collections.abc import Iterator, Sequence

import numpy as np
import optuna
from optuna.samplers import TPESampler

from jointopt.domain import BLOCK
from jointopt.evaluation import OTHERS
from jointopt.search.samplers.planned import Choice, Planned
from jointopt.search.view import Buy, Floats, Integers, View

STARTUP = 12  # trials chosen by lot first
BY_LOT = 5  # and every so many-th afterwards, so that no source is forgotten
EACH = 2  # policies of a source that the estimator is told, its best ones: a whole harvest would drown other sources
DRAWS = 8  # completions of a pool
DOUBT = 1.2816  # standard errors that a mean is lowered by before it may win (one-sided 90%)


class Tpe(Planned):
    """TPE over a flat space, fitted to what is known now.

    A trial buys a few samples of its source on the next block of examples, and scores all of the source's policies by
    completing its pools (`evaluation.complete`). Scores grow more precise, so each suggestion comes from a fresh study
    in memory that holds the present ones; the study that is kept holds the trials as they were.
    """

    LEARNT = "number", "visits", "means", "errors"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.number = 0  # of trials
        self.visits: Integers = np.zeros(0, dtype=np.int64)
        self.means: Floats = np.zeros((0, 0, 0))
        self.errors: Floats = np.zeros((0, 0, 0))

    def begin(self, view: View) -> None:
        """Nothing is known yet."""
        self.number, self.why = 0, type(self).why
        self.visits = np.zeros(view.sources, dtype=np.int64)
        self.means = np.full((view.preferences, view.sources, view.tactics), np.nan)
        self.errors = self.means.copy()

    def rounds(self, view: View) -> Iterator[Sequence[Buy]]:
        """Suggest until the budget is spent."""
        each = max(view.portion, 2)
        deepest = view.examples * (-(-int(view.depths.max()) // each) if view.sources * view.tactics > 1 else 1)
        while (count := min(BLOCK, view.examples, view.room() // each)) and self.visits.min() < deepest:
            self.set_mark()
            source, tactic = self._suggest(view, self.number)
            source = source if self.visits[source] < deepest else int(self.visits.argmin())
            examples = (self.visits[source] + np.arange(count)) % view.examples
            yield [Buy(source, tactic, examples, each)]
            self.visits[source] += count
            self._learn(view, source)
            self.number += 1
        if view.room() >= each:
            self.why = "every source has as many samples as any policy asks for"

    def best(self, view: View) -> list[Choice]:
        """The highest mean under each preference, doubt taken off, of the sources that were sampled most."""
        most = self.visits * 2 >= self.visits.max()
        sure = np.where(most[:, None], np.nan_to_num(self.means - DOUBT * self.errors, nan=-np.inf), -np.inf)
        return [(int(low.argmax()) // view.tactics, int(low.argmax()) % view.tactics) for low in sure]

    def _suggest(self, view: View, number: int) -> Choice:
        seed = int(np.random.default_rng([self.seed, number]).integers(2**31))
        every = dict(view.distributions)
        memory = optuna.create_study(direction="maximize", sampler=_estimator(seed))
        for source, tactic, value in () if number < STARTUP or number % BY_LOT == 0 else self._told(view):
            params = dict(view.params(source, tactic))
            memory.add_trial(optuna.create_trial(value=value, params=params, distributions=every))
        return view.place(memory.ask(every).params)

    def _told(self, view: View) -> list[tuple[int, int, float]]:
        """The best policies of every source that was visited, and what they are worth.

        Completing pools draws a source with k samples towards the others by OTHERS / (OTHERS + k); that is undone, or
        what was sampled little could never lead. What it takes in doubt, the next visit takes back.
        """
        met = np.flatnonzero(self.visits)
        held = view.held[met].sum(axis=1) / np.minimum(self.visits[met], view.examples)
        centre = self.means[0, met].mean(axis=0)
        values = centre + (self.means[0, met] - centre) * (1 + OTHERS / held)[:, None]
        values = np.nan_to_num(values, nan=-np.inf)
        falling = np.argsort(-values, axis=1, kind="stable")[:, :EACH]
        told = [
            (int(met[row]), int(tactic), float(values[row, tactic]))
            for row in range(len(met))
            for tactic in falling[row]
        ]
        return [entry for entry in told if np.isfinite(entry[2])]

    def _learn(self, view: View, source: int) -> None:
        """Score every policy of a source on all examples that it has met."""
        examples = np.arange(min(int(self.visits[source]), view.examples))
        expected = view.expected(np.array([source]), examples, DRAWS)[:, 0]
        self.means[:, source] = expected.mean(axis=2)
        self.errors[:, source] = expected.std(axis=2, ddof=1) / len(examples) ** 0.5 if len(examples) > 1 else np.inf


def build_tpe(seed: int) -> Tpe:
    """With the harvest."""
    return Tpe(seed)


def _estimator(seed: int) -> TPESampler:
    """Every argument is written down: their defaults change between versions. No parameter depends on another, so the
    joint (multivariate) estimate never falls back to independent ones.
    """
    return TPESampler(
        n_startup_trials=1,
        n_ei_candidates=24,
        seed=seed,
        multivariate=True,
        group=False,
        constant_liar=True,
    )
