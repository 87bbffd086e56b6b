"""How good is this policy? Judges it block by block, on the same examples as every other, while it is worth it."""

from collections.abc import Callable, Iterable, Sequence

from jointopt.domain import BLOCK, Budget, Example, Policy, Preference, Request, Scorecard, Source, Tactic, Task
from jointopt.evaluation.dealer import Dealer
from jointopt.evaluation.draw import Draw
from jointopt.evaluation.estimate import Estimate
from jointopt.evaluation.harvest import harvest
from jointopt.evaluation.race import still_in_race
from jointopt.strategies import Strategy

DEPTH = 2  # a policy asked for again is sampled up to so many times its n


class Evaluate:
    """Judges policies on the dev half of a task, and scores every other policy that their samples cover.

    Args:
        task: whose dev half is met in blocks.
        policies: all of the space, for the harvest.
        draw: buys samples.
        estimate: scores what the pool holds.
        preference: what is best.
        keep: is handed every new scorecard.
    """

    def __init__(
        self,
        task: Task,
        policies: Iterable[Policy],
        draw: Draw,
        estimate: Estimate,
        preference: Preference,
        keep: Callable[[list[Scorecard]], None] = lambda cards: None,
    ) -> None:
        self.task, self.policies, self.draw = task, tuple(policies), draw
        self.estimate, self.preference, self.keep = estimate, preference, keep
        self.cards: dict[Policy, Scorecard] = {}
        self.chosen: Policy | None = None  # by a sampler that decides by more than the cards say
        self._scored: dict[Source, tuple[int, int]] = {}  # on how much of what is known its cards rest

    def leader(self) -> Scorecard | None:
        """The policy that the sampler chose; else the best of those judged on the most examples."""
        if self.chosen in self.cards:
            return self.cards[self.chosen]
        most = max((len(card.examples) for card in self.cards.values()), default=0)
        widest = [card for card in self.cards.values() if len(card.examples) == most]
        return max(widest, key=lambda card: card.utility(self.preference), default=None)

    def restore(self) -> None:
        """Take up what the pool already holds: every policy that it covers, without a call."""
        sources = list(dict.fromkeys(policy.source for policy in self.policies))
        self.load(sources, self.task.dev)
        self._harvest(set(sources))

    def knows_something(self) -> bool:
        """Whether the pool holds a sample of any dev example, under any source."""
        sources, request = dict.fromkeys(policy.source for policy in self.policies), self.draw.readings.request
        return self.draw.holds_any([request(source, example) for source in sources for example in self.task.dev])

    def load(self, sources: Sequence[Source], examples: Sequence[Example]) -> None:
        """Take from the pool what sources were asked about some examples, and what followed from that."""
        readings = self.draw.readings
        self.draw.load([readings.request(source, example) for source in sources for example in examples])
        pairs = [(source, example) for source in sources for example in examples]
        self._load_follow_ups(pairs, {policy.tactic for policy in self.policies})

    async def judge(self, policy: Policy, *, phase: str, cap: Budget | None = None) -> Scorecard:
        """Judge a policy on at least one block more than before, and on all of them while it can still win.

        A policy that has met every block is sampled more often instead, up to `DEPTH` times its n: a repeated
        suggestion always adds to what is known.

        Raises:
            BudgetExhausted: after the harvest of what could be afforded.
        """
        met = len(self.cards[policy].examples) if policy in self.cards else 0
        if met >= len(self.task.dev):
            held = int(self.cards[policy].samples.min())
            deeper = max(held, min(held + (policy.n + 3) // 4, DEPTH * policy.n))
            await self.cover([policy.source], self.task.dev, deeper, [policy.tactic], phase=phase, cap=cap)
            return self.cards[policy]
        for block in list(self.task.blocks())[met // BLOCK :]:
            await self.cover([policy.source], block, policy.n, [policy.tactic], phase=phase, cap=cap)
            if not still_in_race(self.cards[policy], self.leader(), self.preference):
                break
        return self.cards[policy]

    async def cover(
        self,
        sources: Iterable[Source],
        examples: Sequence[Example],
        n: int,
        tactics: Iterable[Tactic],
        *,
        phase: str,
        cap: Budget | None = None,
    ) -> None:
        """See that every source has n samples of every example, and what tactics ask about them; score all policies
        that this covers.
        """
        sources = list(sources)
        try:
            await self.fill([(source, example, n) for source in sources for example in examples], tactics, phase, cap)
        finally:
            self._harvest(set(sources))

    async def fill(
        self,
        wishes: Sequence[tuple[Source, Example, int]],
        tactics: Iterable[Tactic],
        phase: str,
        cap: Budget | None = None,
    ) -> None:
        """Buy samples of sources and examples, then what tactics ask about them. Nothing is scored."""
        follow = self.estimate.follow
        await self.draw.fill(self._asked(wishes), phase=phase, cap=cap)
        pairs = [(source, example) for source, example, _ in wishes]
        for strategy, ns in self.following(tactics):
            try:
                await fill_follow_ups(follow.open(strategy, ns, pairs), self.draw, phase, cap)
            finally:
                follow.close()

    async def look(self, wishes: Sequence[tuple[Source, Example, int]], tactics: Iterable[Tactic]) -> None:
        """See what the pool has of the same, and buy nothing."""
        await self.draw.look(self._asked(wishes))
        self._load_follow_ups([(source, example) for source, example, _ in wishes], tactics)

    def _asked(self, wishes: Sequence[tuple[Source, Example, int]]) -> list[tuple[Request, int]]:
        return [(self.draw.readings.request(source, example), n) for source, example, n in wishes]

    def _load_follow_ups(self, pairs: Sequence[tuple[Source, Example]], tactics: Iterable[Tactic]) -> None:
        for strategy, ns in self.following(tactics):
            load_follow_ups(self.estimate.follow.open(strategy, ns, pairs), self.draw)
            self.estimate.follow.close()

    def following(self, tactics: Iterable[Tactic]) -> list[tuple[Strategy, list[int]]]:
        """The strategies among tactics that ask about samples, each with its numbers of samples."""
        ns: dict[Strategy, set[int]] = {}
        for tactic in tactics:
            strategy = self.estimate.playbook.build(tactic.strategy, tactic.options)
            if strategy.follows:
                ns.setdefault(strategy, set()).add(tactic.n)
        return [(strategy, sorted(those)) for strategy, those in ns.items()]

    def _harvest(self, sources: set[Source]) -> None:
        """Score all policies of some sources, but for those about which nothing was learnt since."""
        known = self.draw.readings.additions, self.estimate.follow.closings
        fresh = {source for source in sources if self._scored.get(source) != known}
        if not fresh:
            return
        touched = (policy for policy in self.policies if policy.source in fresh)
        cards = harvest(touched, self.task.dev, self.estimate)
        self._scored.update(dict.fromkeys(fresh, known))
        self.cards.update({card.policy: card for card in cards})
        self.keep(cards)


def load_follow_ups(dealers: Sequence[Dealer], draw: Draw) -> None:
    """Take from the pool whatever followed from samples, as far as it goes."""
    for dealer in dealers:
        dealer.play()
    while lacking := [wish for dealer in dealers for wish in dealer.lacking()]:
        known = [len(draw.readings.samples(request)) for request, _ in lacking]
        draw.load([request for request, _ in lacking])
        if known == [len(draw.readings.samples(request)) for request, _ in lacking]:
            return
        for dealer in dealers:
            dealer.play()


async def fill_follow_ups(dealers: Sequence[Dealer], draw: Draw, phase: str, cap: Budget | None) -> None:
    """Buy whatever follows from samples, in rounds: what all games wait for is asked together."""
    for dealer in dealers:
        dealer.play()
    while lacking := [wish for dealer in dealers for wish in dealer.lacking()]:
        await draw.fill(lacking, phase=phase, cap=cap)
        for dealer in dealers:
            dealer.play()
