"""The three phases of a run, each with its share of the budget: search, balance the table, open the seal.

What a phase found is recorded when it ends; a study that goes on begins with the first phase that has not ended.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jointopt.analysis import Extent, Procedure, Separate
from jointopt.domain import BLOCK, Example, Policy, Source
from jointopt.errors import BudgetExhausted
from jointopt.evaluation import estimate
from jointopt.search import Trials, search
from jointopt.study.parts import Parts

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

    async def run(self) -> None:
        """Run every phase that has not ended yet."""
        for name, phase in (("search", self.search), ("table", self.table), ("sealed", self.sealed)):
            if self.recall(name) is None:
                self.say(name)
                self.parts.studies.record(self.parts.row.id, name, await phase())

    def recall(self, phase: str) -> Any:
        """What a phase recorded; None where it has not ended."""
        return self.parts.studies.recall(self.parts.row.id, phase)

    async def search(self) -> dict[str, object]:
        """Let Optuna suggest policies; remember the one that leads at the end, and the calls it took to find it."""
        parts = self.parts
        cap = parts.plan.budget.part(SHARES["search"])
        evaluate, trials = parts.evaluate, parts.plan.trials
        why = await search(self.trials, parts.plan.space, evaluate, phase="search", cap=cap, trials=trials)
        leader = evaluate.leader()
        if leader is None:
            raise BudgetExhausted(f"the budget does not cover one block of {BLOCK} examples: {why}")
        calls = parts.ledger.by_phase()["search"].calls
        return {"joint": leader.policy.to_json(), "calls": calls, "why": why}

    async def table(self) -> dict[str, object]:
        """Fill the table prompt x model x strategy x n around the leader: the same samples of the same examples for
        every cell, so that interaction can be measured, and what tuning apart would have chosen.
        """
        cap, why = self.parts.plan.budget.part(SHARES["table"]), "the whole table is filled"
        sources, deepest = self.table_sources(), max(self.parts.plan.space.ns)
        for block in self.parts.plan.task.blocks():
            try:
                await self.parts.evaluate.cover(sources, block, deepest, phase="table", cap=cap)
            except BudgetExhausted as end:
                why = str(end)
                break
        return {"why": why}

    async def sealed(self) -> dict[str, object]:
        """Score the winner and every procedure's choice on the sealed half, once. All on the same examples."""
        task, why = self.parts.plan.task, "the whole sealed half is scored"
        winner, choices = self.choose()
        depths: dict[Source, int] = {}
        for policy in {winner, *(policy for policy, _ in choices.values())}:
            deep = max(policy.n, min(SEALED_SAMPLES, max(self.parts.plan.space.ns)))
            depths[policy.source] = max(depths.get(policy.source, 0), deep)
        # Example by example: what a short budget cuts off is the same for every policy.
        request = self.parts.readings.request
        wishes = [(request(source, one), deep) for one in task.sealed for source, deep in depths.items()]
        try:
            await self.parts.draw.fill(wishes, phase="sealed")
        except BudgetExhausted as end:
            why = str(end)
        lacking = (
            i for i, one in enumerate(task.sealed) for source in depths if self._drawn(source, one) < depths[source]
        )
        scored = next(lacking, len(task.sealed))
        chosen = {str(procedure): [policy.to_json(), calls] for procedure, (policy, calls) in choices.items()}
        return {"winner": winner.to_json(), "choices": chosen, "examples": scored, "why": why}

    def choose(self) -> tuple[Policy, dict[Procedure, tuple[Policy, int]]]:
        """The winner on all that was learnt, and what each procedure chose within the calls of the search."""
        leader = self.parts.evaluate.leader()
        if leader is None:
            raise BudgetExhausted("no policy was judged on a whole block")
        found = self.recall("search")
        choices = {Procedure.JOINT: (Policy.from_json(found["joint"]), int(found["calls"]))}
        extent = self.extent()
        if extent is not None:
            separate = Separate(self.parts.plan.space, self.around(), int(found["calls"]), extent, self.utility)
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
        dev = self.parts.plan.task.dev
        fewest = [min(self._drawn(source, example) for source in self.table_sources()) for example in dev]
        for samples in sorted(self.parts.plan.space.ns, reverse=True):
            examples = next((i for i, count in enumerate(fewest) if count < samples), len(dev))
            if examples >= min(BLOCK, len(dev)):
                return Extent(samples, examples)
        return None

    def _drawn(self, source: Source, example: Example) -> int:
        reading = self.parts.readings.of(source, example)
        return 0 if reading is None else len(reading)

    def utility(self, policy: Policy, samples: int, examples: int) -> float:
        """The mean utility of a policy, as seen through so many samples of so many examples of the table."""
        dev, readings = self.parts.plan.task.dev[:examples], self.parts.readings
        seen = [reading.first(samples) for example in dev if (reading := readings.of(policy.source, example))]
        card = estimate(policy, dev, seen, self.parts.prices[policy.source.model])
        return card.utility(self.parts.plan.preference)
