"""A study's pool, as samplers that plan see it.

What a plan has not bought itself it does not see, although the pool may hold it: a run that goes on after a stop, or
with another study's samples, decides as an undisturbed one does, and pays only for what the pool lacks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.trial import FixedTrial

from jointopt.domain import BLOCK, Budget, Example, Policy, Preference, Sample, Scorecard, Source, Space, Spend, Tactic
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import Complete, Estimate, Evaluate
from jointopt.search.suggest import distributions, parameters, suggest
from jointopt.search.view import Buy, Floats, Integers, View
from jointopt.strategies import OBJECTIVES, Windows

RESERVE = 0.4  # of the budget at most, to judge the chosen policy as deep as it asks
MOST_AT_ONCE = 8  # samples in a request, where a long prompt makes more of them cheaper


class PooledView(View):
    """The view.

    Args:
        space: what may be chosen; at least one tactic is a rule over arrays.
        evaluate: buys and judges.
        books: every preference, the study's own first, and what estimates under it.
        phase: the account that pays.
        cap: the most that it may pay.
        seed: of completed pools.

    Attributes:
        dearness: what a sample costs with all that follows from it, in samples: before any is known, a verdict is taken
            to be as dear as one.
    """

    def __init__(
        self,
        space: Space,
        evaluate: Evaluate,
        books: Sequence[tuple[Preference, Estimate]],
        *,
        phase: str,
        cap: Budget,
        seed: int,
    ) -> None:
        self.space, self.evaluate, self.books, self.phase, self.cap = space, evaluate, tuple(books), phase, cap
        self.every, self.dev = tuple(space.sources()), evaluate.task.dev
        self.ways, self.sequential = sort_tactics(space, evaluate)
        self.depths = np.array([tactic.n for tactic in self.ways], dtype=np.int64)
        self.held = np.zeros((len(self.every), len(self.dev)), dtype=np.int64)
        self.preferences = len(self.books)
        self.spend = Spend()
        self._looked_at = True  # all that is held
        rules = (rule for rule, _ in evaluate.following(self.ways) if isinstance(rule, Windows))
        self._raters = list({rule.rater: rule for rule in rules}.values())  # those that share one pay once
        deepest = max(space.ns)
        self.dearness = 1 + sum(rater.follow_ups(deepest) for rater in self._raters) / deepest
        self._complete = [Complete(estimate, deepest, seed) for _, estimate in self.books]
        self.visit, self.akin = self._visit(), len(self.every) // (len(space.models) * max(len(space.modes), 1))
        self.distributions = distributions(space)
        self._sources = {source: place for place, source in enumerate(self.every)}
        self._tactics = {tactic: place for place, tactic in enumerate(self.ways)}

    def rivals(self, policies: Sequence[Policy]) -> list[Policy]:
        """What cannot be foreseen from completed pools, under the sources that some policies have."""
        sources = dict.fromkeys(policy.source for policy in policies)
        return [Policy(source, way.strategy, way.n, way.options) for source in sources for way in self.sequential]

    def policy(self, source: int, tactic: int) -> Policy:
        """The policy of two numbers."""
        way = self.ways[tactic]
        return Policy(self.every[source], way.strategy, way.n, way.options)

    def params(self, source: int, tactic: int) -> dict[str, Any]:
        """As `suggest` would ask for them."""
        named = parameters(self.policy(source, tactic), self.space)
        return {name: named[name] for name in self.distributions}

    def place(self, params: Mapping[str, Any]) -> tuple[int, int]:
        """Of the policy that `suggest` makes of them; of its source at a near n where it cannot be foreseen."""
        policy = suggest(FixedTrial(dict(params)), self.space)
        near = int(np.abs(self.depths - policy.n).argmin())
        return self._sources[policy.source], self._tactics.get(policy.tactic, near)

    def account(self) -> dict[str, Any]:
        """What was bought so far, as JSON has it."""
        return {"held": self.held.tolist(), "spend": [self.spend.calls, self.spend.tokens, self.spend.usd]}

    def resume(self, account: Mapping[str, Any]) -> None:
        """Go on where so much was bought. The samples are looked at after the next round's are asked for, where what it
        buys does not depend on them: what follows from samples does.
        """
        self.held[:], self.spend = account["held"], Spend(*account["spend"])
        self._looked_at = False

    async def look(self) -> None:
        """See to it that all that is held has been looked at."""
        if not self._looked_at:
            places = zip(*np.nonzero(self.held), strict=True)
            wishes = [(self.every[s], self.dev[q], int(self.held[s, q])) for s, q in places]
            await self.evaluate.look(wishes, self.ways)
            self._looked_at = True

    async def buy(self, buys: Sequence[Buy]) -> tuple[int, str]:
        """Have the samples of a round, and what tactics ask about them, from the pool or for money.

        Returns:
            How many of the buys were carried out, from the first on, and why the budget ended it; empty where it did
            not.
        """
        if self._raters:
            await self.look()
        try:
            await self._fill([wish for buy in buys for wish in self._wishes(buy)])
        except BudgetExhausted:
            return await self._buy_in_turn(buys)
        for buy in buys:
            self._enter(buy)
        return len(buys), ""

    async def _buy_in_turn(self, buys: Sequence[Buy]) -> tuple[int, str]:
        """One after the other, as far as the budget goes: what was bought together is in the pool."""
        for done, buy in enumerate(buys):
            try:
                await self._fill(self._wishes(buy))
            except BudgetExhausted as end:
                return done, str(end)
            self._enter(buy)
        return len(buys), ""

    async def _fill(self, wishes: Sequence[tuple[Source, Example, int]]) -> None:
        await self.evaluate.fill(wishes, self.ways, self.phase, self.cap)

    def _deep(self, buy: Buy) -> Integers:
        """Samples of every example that its source has afterwards; no policy asks for more than the largest n."""
        wanted = self.held[buy.source] + np.bincount(buy.examples, minlength=self.examples) * buy.n
        return np.asarray(np.minimum(wanted, max(self.space.ns)))

    def _wishes(self, buy: Buy) -> list[tuple[Source, Example, int]]:
        deep, source = self._deep(buy), self.every[buy.source]
        more = np.flatnonzero(deep - self.held[buy.source])
        return [(source, self.dev[place], int(deep[place])) for place in more]

    def _enter(self, buy: Buy) -> None:
        """Count what a buy came to."""
        held, deep = self.held[buy.source], self._deep(buy)
        for place in np.flatnonzero(deep - held):
            self.spend += self._paid(self.every[buy.source], self.dev[place], int(held[place]), int(deep[place]))
        self.held[buy.source] = deep

    def room(self) -> int:
        """Samples that what is left pays for, at the price of those bought so far, a reserve kept back."""
        whole = self.cap.part(1 - self._reserve())
        if not self.spend.calls:
            return int(self._first_room(whole) / self.dearness)
        used = whole.share(self.spend)
        return int(self.held.sum() * (1 - used) / used) if 0 < used < 1 else 0

    def rewards(self, buy: Buy) -> Floats:
        """Exact estimates from all samples held of each example, `evaluation.estimate`'s."""
        found = np.full((self.preferences, self.tactics, len(buy.examples)), np.nan)
        held = self.held[buy.source, buy.examples]
        for tactic in np.flatnonzero(self.depths <= buy.n):
            policy = self.policy(buy.source, int(tactic))
            for deep in np.unique(held):
                places = np.flatnonzero(held == deep)
                examples = [self.dev[place] for place in buy.examples[places]]
                for c, (preference, estimate) in enumerate(self.books):
                    card = estimate.card(policy, examples, samples=int(deep))
                    if card is not None:
                        found[c, tactic, places] = card.utilities(preference)
        return found

    def expected(self, sources: Integers, examples: Integers, draws: int) -> Floats:
        """From completed pools."""
        some = [self.dev[place] for place in examples]
        held = {source: self.held[place, examples] for place, source in enumerate(self.every)}
        found = np.full((self.preferences, len(sources), self.tactics, len(some)), np.nan)
        for place, number in enumerate(sources):
            source = self.every[number]
            cards = self._complete[0].cards(source, self.ways, some, held, draws)
            for c, (preference, _) in enumerate(self.books):
                own = cards | (self._reweighed(c, source, some, held, draws) if c else {})
                for tactic, way in enumerate(self.ways):
                    if way in own:
                        found[c, place, tactic] = own[way].utilities(preference)
        return found

    def worth(self, buy: Buy, draws: int) -> Scorecard | None:
        """What the policy of a trial may expect on all examples that its source has samples of."""
        places = np.flatnonzero(self.held[buy.source])
        some = [self.dev[place] for place in places]
        held = {source: self.held[place, places] for place, source in enumerate(self.every)}
        way = self.ways[buy.tactic]
        return self._complete[0].cards(self.every[buy.source], [way], some, held, draws).get(way)

    def _reweighed(
        self, c: int, source: Source, examples: Sequence[Example], held: dict[Source, Integers], draws: int
    ) -> dict[Tactic, Scorecard]:
        """What selects by the objectives' weights chooses otherwise under another preference."""
        ways = [way for way in self.ways if ("by", OBJECTIVES) in way.options]
        return self._complete[c].cards(source, ways, examples, held, draws) if ways else {}

    def _reserve(self) -> float:
        """The share of the budget that one block of the deepest policy may need, and its rivals."""
        request = self.evaluate.draw.readings.request(self.every[0], self.dev[0])
        one = self.evaluate.draw.worst(request, max(self.space.ns))
        many = BLOCK * self.dearness
        block = Spend(round(many * one.calls), round(many * one.tokens), many * one.usd)
        return RESERVE if self.sequential else min(RESERVE, self.cap.share(block))

    def _first_room(self, whole: Budget) -> int:
        """Before anything is bought: by the number of calls, or the worst price of one."""
        request = self.evaluate.draw.readings.request(self.every[0], self.dev[0])
        used = whole.share(self.evaluate.draw.worst(request, 1))
        return whole.calls if whole.calls is not None else int(1 / used) if used else 0

    def _visit(self) -> int:
        """Samples in one request: the more, the dearer a prompt is beside its answer. The square root of their prices'
        ratio is best where questions differ as much from each other as answers to one do (Cochran 1977, 10.6).
        """
        if self.cap.usd is None and self.cap.tokens is None:
            return 1
        draw, request = self.evaluate.draw, self.evaluate.draw.readings.request(self.every[0], self.dev[0])
        one, two = draw.worst(request, 1), draw.worst(request, 2)
        answer = two.usd - one.usd if self.cap.usd is not None else float(two.tokens - one.tokens)
        whole = one.usd if self.cap.usd is not None else float(one.tokens)
        return int(np.clip(round(((whole - answer) / answer) ** 0.5), 1, MOST_AT_ONCE)) if answer > 0 else 1

    def _paid(self, source: Source, example: Example, before: int, after: int) -> Spend:
        """What the next samples of a pool cost, asked in one request, and what followed from them."""
        readings = self.evaluate.draw.readings
        samples = readings.samples(readings.request(source, example))
        if not samples:
            return Spend()
        some, prompt = samples[before:after], max(sample.input_tokens for sample in samples)
        tokens, thoughts = (float(sum(counts)) for counts in _tokens(some))
        price = self.evaluate.estimate.prices[source.model]
        usd = float(price.of(prompt, tokens, 0, thoughts, requests=1))
        spend = Spend(after - before, int(prompt + tokens), usd)
        for rater in self._raters:
            spend += self._followed(rater, source, example, before, after)
        return spend

    def _followed(self, rater: Windows, source: Source, example: Example, before: int, after: int) -> Spend:
        """What was asked about the same samples; where that was not had, it costs nothing."""
        rated = self.evaluate.estimate.follow.rated(rater, source, example)
        if rated is None or len(rated) < after:
            return Spend()
        tokens, usd, _ = rated.extra[:, before:after].sum(axis=1)
        return Spend(rater.follow_ups(after) - rater.follow_ups(before), int(tokens), float(usd))


def _tokens(samples: Sequence[Sample]) -> tuple[list[int], list[int]]:
    """Of the completions: all of them, and those of reasoning."""
    return [sample.output_tokens for sample in samples], [sample.reasoning_tokens for sample in samples]


def sort_tactics(space: Space, evaluate: Evaluate) -> tuple[list[Tactic], list[Tactic]]:
    """The tactics that are rules over arrays, and those whose requests depend on earlier samples."""
    playbook = evaluate.estimate.playbook
    rules = [way for way in space.tactics() if isinstance(playbook.build(way.strategy, way.options), Windows)]
    return rules, [way for way in space.tactics() if way not in rules]
