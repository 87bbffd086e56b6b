"""How good is this policy? Judges it block by block, on the same examples as every other, while it is worth it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from jointopt.domain import BLOCK, Budget, Example, Policy, Preference, Price, Scorecard, Source, Task
from jointopt.evaluation.draw import Draw
from jointopt.evaluation.harvest import harvest
from jointopt.evaluation.race import still_in_race

DEPTH = 2  # a policy asked for again is sampled up to so many times its n


class Evaluate:
    """Judges policies on the dev half of a task, and scores every other policy that their samples cover.

    Args:
        task: whose dev half is met in blocks.
        policies: all of the space, for the harvest.
        draw: buys samples.
        prices: by model id.
        preference: what is best.
        keep: is handed every new scorecard.
    """

    def __init__(
        self,
        task: Task,
        policies: Iterable[Policy],
        draw: Draw,
        prices: Mapping[str, Price],
        preference: Preference,
        keep: Callable[[list[Scorecard]], None] = lambda cards: None,
    ) -> None:
        self.task, self.policies, self.draw = task, tuple(policies), draw
        self.prices, self.preference, self.keep = prices, preference, keep
        self.cards: dict[Policy, Scorecard] = {}

    def leader(self) -> Scorecard | None:
        """The best policy of those judged on the most examples."""
        most = max((len(card.examples) for card in self.cards.values()), default=0)
        widest = [card for card in self.cards.values() if len(card.examples) == most]
        return max(widest, key=lambda card: card.utility(self.preference), default=None)

    def restore(self) -> None:
        """Take up what the pool already holds: every policy that it covers, without a call."""
        readings = self.draw.readings
        sources = {policy.source for policy in self.policies}
        self.draw.load([readings.request(source, example) for source in sources for example in self.task.dev])
        self._harvest(sources)

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
            await self.cover([policy.source], self.task.dev, deeper, phase=phase, cap=cap)
            return self.cards[policy]
        for block in list(self.task.blocks())[met // BLOCK :]:
            await self.cover([policy.source], block, policy.n, phase=phase, cap=cap)
            if not still_in_race(self.cards[policy], self.leader(), self.preference):
                break
        return self.cards[policy]

    async def cover(
        self, sources: Iterable[Source], examples: Sequence[Example], n: int, *, phase: str, cap: Budget | None = None
    ) -> None:
        """See that every source has n samples of every example, and score all policies that this covers."""
        sources = list(sources)
        wishes = [(self.draw.readings.request(source, example), n) for source in sources for example in examples]
        try:
            await self.draw.fill(wishes, phase=phase, cap=cap)
        finally:
            self._harvest(set(sources))

    def _harvest(self, sources: set[Source]) -> None:
        touched = (policy for policy in self.policies if policy.source in sources)
        cards = harvest(touched, self.task.dev, self.draw.readings, self.prices)
        self.cards.update({card.policy: card for card in cards})
        self.keep(cards)
