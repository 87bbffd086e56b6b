"""What a policy may expect before its n samples are there: pools completed from what other prompts answered.

Every question's pool is drawn on, again and again, from a Bayesian bootstrap (Rubin 1981) of recorded votes: a source's
own count 1 each; those of other sources of the same model and mode on the same question count `OTHERS` votes together,
among them one vote's worth for all answers alike, a right and a wrong one that nobody has given yet included. So a
source with few samples is shrunken towards what the others answered, question by question, and any strategy can be
played to any n. Biased where samples are few, unlike `estimate`; it serves to decide what to sample next, and is never
reported as measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from jointopt.domain import Example, Policy, Scorecard, Source, Tactic, Vote
from jointopt.evaluation.estimate import Estimate
from jointopt.evaluation.expect import Deal
from jointopt.evaluation.readings import Reading
from jointopt.strategies import Drawn, Windows, running

OTHERS = 2.0  # votes that all other sources' answers to a question count for together

UNSEEN = ((Vote("\0right"), 1.0), (Vote("\0wrong"), 0.0))  # answers that nobody has given yet, and their marks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Held = Mapping[Source, Integers]  # samples of each example that may be looked at, shape (Q,), by source


@dataclass(frozen=True, slots=True)
class Urn:
    """The recorded votes that one question's samples are drawn from, best marks first, shape (V,) each.

    The order makes equal random numbers mean equal luck for every source.
    """

    votes: tuple[Vote, ...]
    marks: Floats  # shape (V, O)
    weights: Floats

    def draw(self, uniform: Floats, rng: np.random.Generator) -> Integers:
        """Places of votes, shape (R, T), from uniform numbers of that shape: R worlds, T votes in each."""
        shares = rng.standard_gamma(self.weights, size=(len(uniform), len(self.weights))) + 1e-300
        edges = np.cumsum(shares, axis=1)
        edges += np.arange(len(edges))[:, None] * edges[:, -1:].max() * 2  # one search for all worlds
        starts = edges[:, 0] - shares[:, 0]
        wanted = starts[:, None] + uniform * (edges[:, -1] - starts)[:, None]
        places = np.searchsorted(edges.reshape(-1), wanted.reshape(-1)).reshape(uniform.shape)
        return np.asarray(np.clip(places - np.arange(len(edges))[:, None] * edges.shape[1], 0, edges.shape[1] - 1))


@dataclass(frozen=True, slots=True, eq=False)
class _Pools:
    """What a source has of Q examples, and the completed pools."""

    readings: Sequence[Reading]
    deal: Deal


class Complete:
    """Completes pools, and plays strategies on them.

    Args:
        estimate: whose samples, strategies and prices these are.
        deepest: samples that a pool is completed to: T.
        seed: of the draws.
    """

    def __init__(self, estimate: Estimate, deepest: int, seed: int) -> None:
        self.estimate, self.deepest, self.seed = estimate, deepest, seed

    def cards(
        self, source: Source, tactics: Sequence[Tactic], examples: Sequence[Example], held: Held, draws: int
    ) -> dict[Tactic, Scorecard]:
        """The expected scorecards of a source's tactics on examples that it has samples of.

        Args:
            source: whose.
            tactics: those that are rules over arrays; others are passed over.
            examples: Q of them.
            held: how many samples of each of them every source may show, shape (Q,).
            draws: completions of each pool.
        """
        found: dict[Tactic, Scorecard] = {}
        pools: dict[object, _Pools | None] = {}
        for _, group in groupby(sorted(tactics), key=lambda tactic: (tactic.strategy, tactic.options)):
            alike = list(group)
            strategy = self.estimate.playbook.build(alike[0].strategy, alike[0].options)
            if not isinstance(strategy, Windows):
                continue
            rater = None if strategy.rater is strategy and not strategy.follows else strategy.rater
            if rater not in pools:
                pools[rater] = self._open(strategy, source, examples, held, draws)
            pool = pools[rater]
            found |= self._play(strategy, source, alike, examples, pool) if pool else {}
        return found

    def _open(
        self, strategy: Windows, source: Source, examples: Sequence[Example], held: Held, draws: int
    ) -> "_Pools | None":
        """The completed pools, rated as the strategy has it; None where an example has no sample of the source."""
        own = zip(examples, held[source], strict=True)
        readings = [reading for example, k in own if (reading := self._reading(strategy, source, example, int(k)))]
        if len(readings) < len(examples):
            return None
        urns = [self._urn(strategy, source, example, held, place) for place, example in enumerate(examples)]
        return _Pools(readings, self._deal(urns, readings, examples, draws))

    def _play(
        self, strategy: Windows, source: Source, tactics: Sequence[Tactic], examples: Sequence[Example], pools: "_Pools"
    ) -> dict[Tactic, Scorecard]:
        expected = pools.deal.play(strategy, [tactic.n for tactic in tactics])
        latency_s = float(np.mean([reading.latency_s.mean() for reading in pools.readings]))
        cards = {}
        for tactic, outcomes in zip(
            tactics, zip(*expected.outcomes([latency_s] * len(examples)), strict=True), strict=True
        ):
            policy = Policy(source, tactic.strategy, tactic.n, tactic.options)
            cards[tactic] = self.estimate.assemble(policy, examples, pools.readings, outcomes)
        return cards

    def _reading(self, strategy: Windows, source: Source, example: Example, k: int) -> Reading | None:
        found = self.estimate.follow.rated(strategy, source, example) if k else None
        return found.first(k) if found else None

    def _urn(self, strategy: Windows, source: Source, example: Example, held: Held, place: int) -> Urn:
        votes: list[Vote] = []
        marks, own, others = [], list[float](), list[float]()
        for other, counts in held.items():
            akin = (other.model, other.mode) == (source.model, source.mode)
            reading = self._reading(strategy, other, example, int(counts[place])) if akin else None
            if reading is None:
                continue
            votes += reading.votes
            marks.append(reading.marks.T)
            own += [float(other == source)] * len(reading)
            others += [float(other != source)] * len(reading)
        if strategy.rater is strategy and not strategy.follows:  # what nobody has said yet has no rating
            known = np.concatenate(marks)
            unseen = UNSEEN[int(known[:, 0].max() == 1.0) :]
            votes += [vote for vote, _ in unseen]
            marks += [np.array([[worth, *known.mean(axis=0)[1:]]]) for _, worth in unseen]
            own, others = own + [0.0] * len(unseen), others + [0.0] * len(unseen)
        values = np.concatenate(marks)
        weights = np.array(own) + _share([vote.answer for vote in votes], np.array(others))
        order = np.lexsort((np.arange(len(votes)), -values[:, 0]))
        return Urn(tuple(votes[i] for i in order), values[order], weights[order])

    def _deal(self, urns: Sequence[Urn], readings: Sequence[Reading], examples: Sequence[Example], draws: int) -> Deal:
        """Every question's votes in `draws` worlds. What a vote costs is the source's own mean: others' are longer."""
        deepest, shape = self.deepest, (len(urns), draws, self.deepest)
        answers, ratings = np.empty(shape, dtype=np.int16), np.empty(shape)
        tokens, worth = np.empty(shape, dtype=np.int64), np.empty((urns[0].marks.shape[1] + 1, *shape))
        for b, (urn, example) in enumerate(zip(urns, examples, strict=True)):
            rng = np.random.default_rng([self.seed, *example.id.encode()])
            drawn = urn.draw(rng.random((draws, deepest)), rng)
            numbers: dict[str | None, int] = {}
            answers[b] = np.array([numbers.setdefault(vote.answer, len(numbers)) for vote in urn.votes])[drawn]
            ratings[b] = np.array([vote.rating for vote in urn.votes])[drawn]
            tokens[b] = np.array([vote.tokens for vote in urn.votes])[drawn]
            unreadable = np.array([vote.answer is None for vote in urn.votes])[:, None]
            worth[:, b] = np.moveaxis(np.hstack([urn.marks, unreadable])[drawn], -1, 0)
        each = np.array([reading.asked.mean(axis=0) for reading in readings]).mean(axis=0)
        asked = np.broadcast_to(each[None, :, None, None], (deepest, len(each), *shape[:2]))
        return Deal(Drawn.numbered(answers, ratings, tokens), worth, running(asked))


def _share(answers: Sequence[str | None], others: Floats) -> Floats:
    """The weights of votes as seen by another source: `OTHERS` in all, one vote's worth spread over all answers."""
    _, kind, sizes = np.unique([repr(answer) for answer in answers], return_inverse=True, return_counts=True)
    alike = 1 / (len(sizes) * sizes[kind])
    return np.asarray(OTHERS * (others + alike) / (others.sum() + 1))
