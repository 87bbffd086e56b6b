"""Samples and a policy become a scorecard, without a single new call for any n up to K.

pass@k: Chen et al. 2107.03374; max@k: Walder & Karkhanis 2505.15201; majority: `strategies.majority.win_chances`; the
rest by replay (`expect`, `follow`).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from jointopt.domain import Example, Policy, Price, Scorecard
from jointopt.evaluation.expect import work_out
from jointopt.evaluation.follow import FollowUps
from jointopt.evaluation.readings import Outcome, Reading, Readings
from jointopt.strategies import Playbook, Strategy, Windows


class Estimate:
    """Scores policies on what the pool holds.

    Args:
        readings: of the study.
        playbook: builds the strategies that policies name.
        prices: by model id, judges included.
    """

    def __init__(self, readings: Readings, playbook: Playbook, prices: Mapping[str, Price]) -> None:
        self.readings, self.playbook, self.prices = readings, playbook, prices
        self._siblings: dict[Strategy, tuple[int, ...]] = {}  # every n that a strategy has in the space
        for way in readings.space.tactics():
            strategy = playbook.build(way.strategy, way.options)
            self._siblings[strategy] = tuple(sorted({*self._siblings.get(strategy, ()), way.n}))
        self.follow = FollowUps(readings, prices)

    def recall(self, cards: Iterable[Scorecard], examples: Sequence[Example]) -> None:
        """Take up from scorecards about how many samples all that follows had been asked."""
        known = {example.id: example for example in examples}
        for card in cards:
            policy, strategy = card.policy, self.playbook.build(card.policy.strategy, card.policy.options)
            if strategy.follows:
                counts = zip(card.examples, card.samples, strict=True)
                asked = [(known[id], int(count)) for id, count in counts if id in known]
                self.follow.recall(strategy, policy.n, policy.source, asked)

    def reading(self, policy: Policy, example: Example) -> Reading | None:
        """The samples that a policy is scored on, rated where its strategy does so; None where they are too few."""
        strategy = self.playbook.build(policy.strategy, policy.options)
        if isinstance(strategy, Windows):
            found = self.follow.rated(strategy, policy.source, example)
            return found if found and len(found) >= policy.n else None
        base = self.readings.of(policy.source, example)
        found = self.follow.covered(strategy, policy.source, example, base, policy.n) if base else None
        return found if found and self._outcome(policy, example, found) else None

    def warm(self, policies: Sequence[Policy], examples: Sequence[Example]) -> None:
        """Work out policies that differ in n alone, in one pass."""
        first = policies[0]
        strategy = self.playbook.build(first.strategy, first.options)
        if isinstance(strategy, Windows):
            rated = (self.follow.rated(strategy, first.source, example) for example in examples)
            readings = [reading for reading in rated if reading]
            for ns in {self._together(strategy, policy.n) for policy in policies}:
                work_out(strategy, readings, ns)

    def _together(self, strategy: Strategy, n: int) -> tuple[int, ...]:
        """Every n that is worked out with this one, so that no number depends on which of them is asked for first."""
        siblings = self._siblings.get(strategy, ())
        return siblings if n in siblings else (n,)

    def card(self, policy: Policy, examples: Sequence[Example], *, samples: int | None = None) -> Scorecard | None:
        """The scorecard of a policy on Q examples; None where the pool does not cover them all.

        Args:
            policy: what is scored.
            examples: Q of them.
            samples: how many of each are looked at; None: all there are.
        """
        readings = self.covered(policy, examples)
        if not examples or len(readings) < len(examples):
            return None
        return self.score(policy, examples, readings, samples=samples)

    def covered(self, policy: Policy, examples: Sequence[Example]) -> list[Reading]:
        """The samples that a policy is scored on, of the examples up to the first of which there are too few."""
        readings: list[Reading] = []
        for example in examples:
            reading = self.reading(policy, example)
            if reading is None:
                break
            readings.append(reading)
        return readings

    def score(
        self, policy: Policy, examples: Sequence[Example], readings: Sequence[Reading], *, samples: int | None = None
    ) -> Scorecard | None:
        """The scorecard of a policy on examples of which `covered` has told the samples."""
        seen = [reading if samples is None else reading.first(samples) for reading in readings]
        strategy = self.playbook.build(policy.strategy, policy.options)
        if isinstance(strategy, Windows):
            work_out(strategy, seen, self._together(strategy, policy.n))
        found = [self._outcome(policy, example, reading) for example, reading in zip(examples, seen, strict=True)]
        outcomes = [outcome for outcome in found if outcome]
        return self.assemble(policy, examples, seen, outcomes) if len(outcomes) == len(examples) else None

    def _outcome(self, policy: Policy, example: Example, reading: Reading) -> Outcome | None:
        strategy = self.playbook.build(policy.strategy, policy.options)
        if isinstance(strategy, Windows):
            return reading.outcomes[strategy].get(policy.n)
        return self.follow.outcome(strategy, policy.source, example, reading, policy.n)

    def assemble(
        self, policy: Policy, examples: Sequence[Example], readings: Sequence[Reading], outcomes: Sequence[Outcome]
    ) -> Scorecard:
        """The scorecard of outcomes on Q examples, priced."""
        marks = np.array([outcome.marks for outcome in outcomes])
        requests = np.array([outcome.requests for outcome in outcomes])
        outputs = np.array([outcome.output_tokens for outcome in outcomes])
        thoughts = np.array([outcome.reasoning_tokens for outcome in outcomes])
        prompts = np.array([reading.input_tokens for reading in readings], dtype=np.float64)
        cached = np.array([reading.cached_tokens for reading in readings], dtype=np.float64)
        price, again = self.prices[policy.source.model], np.maximum(requests - 1, 0)  # the first one finds no cache
        columns = prompts * requests, outputs, cached * again, thoughts, requests
        own = zip(*(column.tolist() for column in columns), strict=True)
        paid = [price.of(*tokens, requests=sent) for *tokens, sent in own]
        return Scorecard(
            policy=policy,
            examples=tuple(example.id for example in examples),
            scores=marks[:, 0],
            cost_usd=np.array(paid) + [outcome.extra_usd for outcome in outcomes],
            tokens=prompts * requests + outputs + [outcome.extra_tokens for outcome in outcomes],
            latency_s=np.array([outcome.latency_s for outcome in outcomes]),
            samples=np.array([len(reading) for reading in readings], dtype=np.int64),
            objectives={name: marks[:, i] for i, name in enumerate(self.readings.rubric.names) if i},
            unreadable=np.array([outcome.unreadable for outcome in outcomes]),
        )
