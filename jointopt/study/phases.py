"""The three phases of a run, each with its share of the budget: search, balance the table, open the seal.

What a phase found is recorded when it ends; a study that goes on begins with the first phase that has not ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jointopt.analysis import Extent, Procedure, Separate
from jointopt.domain import BLOCK, Example, Policy, Source
from jointopt.errors import BudgetExhausted
from jointopt.search import Bookmark, Found, Terms, Trials, close_stale, search, try_first
from jointopt.study.parts import Parts, restore
from jointopt.study.preferences import open_books
from jointopt.study.warm import begin_warm

SHARES = {"search": 0.5, "table": 0.3, "sealed": 0.2}
SEALED_SAMPLES = 8  # of each example at least, so that a policy of small n is not judged by luck


class Phases:
    """Runs the phases of a study.

    Args:
        parts: of the study.
        trials: Optuna's study.
        say: told when a phase begins.
    """

    def __init__(self, parts: Parts, trials: Trials, say: Callable[[str], None]) -> None:
        self.parts, self.trials, self.say = parts, trials, say
        self._follow(self.chosen())

    async def run(self) -> None:
        """Run every phase that has not ended yet. After the search, all that the pool holds counts; where a run goes on
        after it, it is looked at once there is nothing more to buy for the phase.
        """
        self._recall_leader()
        for name, phase in (("search", self.search), ("table", self.table), ("sealed", self.sealed)):
            if self.recall(name) is None:
                self.say(name)
                found = await phase()
                self.parts.studies.record(self.parts.row.id, name, found, self.parts.ledger.fence)

    def _recall_leader(self) -> None:
        """Know what led at the end of a search that is over: whoever looks on is shown it."""
        found = self.recall("search")
        if found:
            card = self.parts.board.card(Policy.from_json(found["joint"]))
            self.parts.evaluate.cards |= {card.policy: card} if card else {}

    def recall(self, phase: str) -> Any:
        """What a phase recorded; None where it has not ended."""
        return self.parts.studies.recall(self.parts.row.id, phase)

    async def search(self) -> dict[str, object]:
        """Let Optuna suggest policies; remember the one that leads at the end, and the calls it took to find it."""
        parts = self.parts
        cap = parts.plan.budget.part(SHARES["search"])
        evaluate, trials = parts.evaluate, parts.plan.trials
        first, space, books = begin_warm(parts)[:trials], parts.plan.space, open_books(parts)
        why = await try_first(self.trials, space, evaluate, first, phase="search", cap=cap)
        plan = parts.plan
        held = SHARES["search"], len(first), Bookmark(lambda: self.recall("place"), self._mark)
        terms = Terms("search", cap, trials, books, plan.seed, plan.sampler, *held)
        found = Found(why) if why else await search(self.trials, space, evaluate, terms)
        self._follow(found.chosen)
        leader = evaluate.leader()
        if leader is None:
            raise BudgetExhausted(f"the budget does not cover one block of {BLOCK} examples: {found.why}")
        calls = max(parts.draw.tally.seen, found.looked)  # whoever paid for them, and whatever a crash has lost
        chosen = [policy.to_json() for policy in found.chosen]
        close_stale(self.trials)
        restore(parts)
        return {"joint": leader.policy.to_json(), "calls": calls, "why": found.why, "chosen": chosen}

    def _mark(self, place: Mapping[str, Any]) -> None:
        """Write down how far the search's plan is."""
        self.parts.studies.record(self.parts.row.id, "place", place, self.parts.ledger.fence)

    def chosen(self) -> list[Policy]:
        """The policy for each preference, the study's own first, where the sampler chose them itself."""
        found = self.recall("search") or {}
        return [Policy.from_json(text) for text in found.get("chosen", ())]

    def _follow(self, chosen: Sequence[Policy]) -> None:
        """Have the sampler's own choice lead."""
        self.parts.evaluate.chosen = chosen[0] if chosen else None

    async def table(self) -> dict[str, object]:
        """Fill the table prompt x model x strategy x n around the leader: the same samples of the same examples for
        every cell, so that interaction can be measured, and what tuning apart would have chosen. Then what the seal is
        opened for is chosen.
        """
        cap, why = self.parts.plan.budget.part(SHARES["table"]), "the whole table is filled"
        space = self.parts.plan.space
        sources, deepest, tactics = self.table_sources(), max(space.ns), space.tactics()
        for block in self.parts.plan.task.blocks():
            try:
                wishes = [(source, example, deepest) for source in sources for example in block]
                await self.parts.evaluate.fill(wishes, tactics, "table", cap)
            except BudgetExhausted as end:
                why = str(end)
                break
        return {"why": why} | self._chosen()

    def _chosen(self) -> dict[str, object]:
        """The winner, and what each procedure chose, by all that the pool holds."""
        restore(self.parts)
        winner, choices = self.choose()
        chosen = {str(procedure): [policy.to_json(), calls] for procedure, (policy, calls) in choices.items()}
        return {"winner": winner.to_json(), "choices": chosen}

    async def sealed(self) -> dict[str, object]:
        """Score the winner and every procedure's choice on the sealed half, once. All on the same examples."""
        task, why = self.parts.plan.task, "the whole sealed half is scored"
        found = self.recall("table")
        if "winner" not in found:  # as an older jointopt wrote it
            found |= self._chosen()
        names = [found["winner"], *(name for name, _ in found["choices"].values())]
        policies = list(dict.fromkeys(map(Policy.from_json, names)))
        tactics, scored = [policy.tactic for policy in policies], 0
        for start in range(0, len(task.sealed), BLOCK):  # what a short budget cuts off is the same for every policy
            block = task.sealed[start : start + BLOCK]
            wishes = [(source, one, deep) for one in block for source, deep in self._depths(policies).items()]
            try:
                await self.parts.evaluate.fill(wishes, tactics, "sealed")
            except BudgetExhausted as end:
                why = str(end)
            scored += self._scored(policies, block)
            if scored < start + len(block):
                break
        return {"winner": found["winner"], "choices": found["choices"], "examples": scored, "why": why}

    def _depths(self, policies: Sequence[Policy]) -> dict[Source, int]:
        """How many samples of each sealed example every source is judged by."""
        depths: dict[Source, int] = {}
        for policy in policies:
            deep = max(policy.n, min(SEALED_SAMPLES, max(self.parts.plan.space.ns)))
            depths[policy.source] = max(depths.get(policy.source, 0), deep)
        return depths

    def _scored(self, policies: Sequence[Policy], examples: Sequence[Example]) -> int:
        """On how many of these examples, from the first on, every policy can be scored as deep as is asked."""
        depths, reading = self._depths(policies), self.parts.estimate.reading
        for count, example in enumerate(examples):
            found = [(policy, reading(policy, example)) for policy in policies]
            if any(one is None or len(one) < depths[policy.source] for policy, one in found):
                return count
        return len(examples)

    def choose(self) -> tuple[Policy, dict[Procedure, tuple[Policy, int]]]:
        """The winner on all that was learnt, and what each procedure chose within the calls of the search."""
        leader = self.parts.evaluate.leader()
        if leader is None:
            raise BudgetExhausted("no policy was judged on a whole block")
        found = self.recall("search")
        choices = {Procedure.JOINT: (Policy.from_json(found["joint"]), int(found["calls"]))}
        extent = self.extent()
        if extent is not None:
            calls = int(found["calls"])
            separate = Separate(self.parts.plan.space, self.around(), calls, extent, self.utility, self.effort)
            choices |= {name: (choice.policy, choice.calls) for name, choice in separate.choices().items()}
        return leader.policy, choices

    def around(self) -> Source:
        """The source whose temperature and slots the table keeps fixed: that of the search's leader."""
        return Policy.from_json(self.recall("search")["joint"]).source

    def table_sources(self) -> list[Source]:
        """Every prompt and model, at the leader's temperature and slots."""
        space, around = self.parts.plan.space, self.around()
        return [replace(around, prompt=prompt, model=model) for prompt in space.prompts for model in space.models]

    def extent(self) -> Extent | None:
        """How much of the table is filled: the most samples that every source has for a whole block at least."""
        dev, sources = self.parts.plan.task.dev, self.table_sources()
        fewest = [min(self._filled(source, example) for source in sources) for example in dev]
        for samples in sorted(self.parts.plan.space.ns, reverse=True):
            examples = next((i for i, count in enumerate(fewest) if count < samples), len(dev))
            if examples >= min(BLOCK, len(dev)):
                return Extent(samples, examples)
        return None

    def _filled(self, source: Source, example: Example) -> int:
        """Up to which n every tactic can be scored on an example."""
        held = self._drawn(source, example)
        tactics = sorted(self.parts.plan.space.tactics(), key=lambda tactic: tactic.n)
        for tactic in tactics if held else ():
            policy = Policy(source, tactic.strategy, tactic.n, tactic.options)
            if tactic.n <= held and self.parts.estimate.reading(policy, example) is None:
                return tactic.n - 1
        return held

    def _drawn(self, source: Source, example: Example) -> int:
        reading = self.parts.readings.of(source, example)
        return 0 if reading is None else len(reading)

    def utility(self, policy: Policy, samples: int, examples: int) -> float:
        """The mean utility of a policy, as seen through so many samples of so many examples of the table."""
        card = self.parts.estimate.card(policy, self.parts.plan.task.dev[:examples], samples=samples)
        return card.utility(self.parts.plan.preference) if card else float("-inf")

    def effort(self, policies: Sequence[Policy], samples: int) -> int:
        """The calls that it takes to see policies of one source through so many samples of an example."""
        playbook = self.parts.estimate.playbook
        strategies = {playbook.build(policy.strategy, policy.options) for policy in policies}
        raters = {strategy.rater: strategy.follow_ups(samples) for strategy in strategies}
        return samples + sum(raters.values())
