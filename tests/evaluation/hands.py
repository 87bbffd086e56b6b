"""Workers of a study with a desk each, over a real database, and a model that answers when it may."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from jointopt.domain import Budget, Example, Model, OnError, Prompt, Request, Sample, Source, Space, Spend
from jointopt.errors import ModelError, ProviderError
from jointopt.evaluation import Draw, Readings, Round
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.storage import Crew, Database, Ledger, Orders, Posted, SamplePool, Studies
from tests.evaluation.conftest import Vendor

MODEL = Model("m", "echo/one", max_tokens=400, concurrency=2)
SPACE = Space({"p": Prompt("p", "{question}")}, {"m": MODEL}, {"single": {}}, (1,), (1.0,))
EACH = 4  # samples of a question
FAR = 1000.0  # seconds; no test takes so long
LEAD, HELPER, DEAD = "elsewhere:1:1", "elsewhere:2:2", "elsewhere:3:3"
CALL = (
    '{{"messages": [["user", "{}"]], "temperature": 1.0, "seed": null, "logprobs": false, "max_tokens": 400, '
    '"extra": {{}}}}'
)


class Slow(Vendor):
    """The vendor, who answers when its gate is open, and fails where it is told to."""

    def __init__(self, failing: Mapping[str, ModelError | ProviderError]) -> None:
        super().__init__()
        self.failing, self.gate, self.begun = failing, asyncio.Event(), list[str]()
        self.pause_s = 0.0

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """As the vendor does, in the end."""
        question = request.messages[-1].content
        self.begun.append(question)
        await self.gate.wait()
        await asyncio.sleep(self.pause_s)
        if question in self.failing:
            raise self.failing[question]
        return await super().complete(request, replicates)


class Hand:
    """A worker of a study: who has joined it, draws, and has a desk.

    Args:
        database: where the study is.
        name: of the worker.
        calls: the budget.
        failing: what its model refuses.
        on_error: what becomes of a sample that cannot be had.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        calls: int = 1000,
        failing: Mapping[str, ModelError | ProviderError] | None = None,
        on_error: OnError = "stop",
    ) -> None:
        study_id = Studies(database).begin("s", "{}", "d").id
        self.crew = Crew(database, study_id, name=name, lease_s=FAR)
        self.crew.join()
        self.orders = Orders(database, study_id, name)
        self.ledger = Ledger(database, study_id, Budget(calls=calls), owner=name)
        self.vendor, self.pool = Slow(failing or {}), SamplePool(database, study_id)
        readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False, failed_count=on_error == "wrong")
        self.draw = Draw(readings, self.pool, self.ledger, {"m": self.vendor}, on_error=on_error)
        self.others, self.going = 0, True
        self.holding: Callable[[], bool] = lambda: True
        self.desk = self.draw.join(self.orders, self.crew, {"m": MODEL}, lambda: self.others, self.holds)

    def holds(self) -> bool:
        """Whether its lease has not run out."""
        return self.holding()

    def requests(self, many: int) -> list[Request]:
        """So many questions, as they are asked."""
        questions = [f"question {number}" for number in range(many)]
        return [
            self.draw.readings.request(Source("p", "m", 1.0), Example(q, {"question": q}, "yes")) for q in questions
        ]

    def post(self, many: int) -> list[int]:
        """Put so many orders on the table; their numbers."""
        ids = self.ledger.reserve_many([Spend(EACH)] * many, "search")
        batch = [
            Posted(id, request.key, "m", CALL.format(request.messages[-1].content), range(EACH))
            for id, request in zip(ids, self.requests(many), strict=True)
        ]
        return list(self.orders.post(batch).values())

    def fill(self, many: int) -> "asyncio.Task[None]":
        """Have so many questions answered."""
        wishes = [(request, EACH) for request in self.requests(many)]
        return asyncio.create_task(self.draw.fill(wishes, phase="search"))

    def serve(self) -> "asyncio.Task[None]":
        """Buy for whoever conducts, as long as `going` says."""
        return asyncio.create_task(self.desk.serve(Round(), lambda: self.going))

    def answered(self) -> list[str]:
        """The questions that it has asked and had answered."""
        return [request.messages[-1].content for request, _ in self.vendor.calls]

    @property
    def money(self) -> tuple[float, float, float]:
        """Calls that are settled, given up for lost, and reserved."""
        assert self.ledger.audit() == []
        lost = self.ledger.lost().calls
        return self.ledger.spent().calls - lost, lost, self.ledger.reserved().calls
