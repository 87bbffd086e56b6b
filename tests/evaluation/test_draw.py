"""Drawing: the pool first, the ledger before the model, and nothing lost on the way."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from jointopt.domain import Budget, Example, Model, OnError, Price, Prompt, Request, Sample, Source, Space, Spend
from jointopt.errors import BudgetExhausted, ModelError, ProviderError, TooManyFailed
from jointopt.evaluation import Draw, Readings
from jointopt.grading import Rubric
from jointopt.grading.exact import Exact
from jointopt.providers import Provider
from jointopt.storage import Ledger, SamplePool, Studies, open_database

SPACE = Space(
    {"p": Prompt("p", "{question}")},
    {"m": Model("m", "echo/one", max_tokens=3, concurrency=16)},
    {"single": {}},
    (1,),
    (1.0,),
)
SOURCE = Source("p", "m", 1.0)


class Echo(Provider):
    """A provider at the network's edge: answers with its replicate's number, and fails where it is told to."""

    def __init__(self, failing: frozenset[str] = frozenset()) -> None:
        self.failing, self.asked = failing, list[tuple[str, int]]()

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One sample a replicate, two tokens each."""
        question = request.messages[-1].content
        if question in self.failing:
            raise ProviderError("the line is dead")
        self.asked += [(question, replicate) for replicate in replicates]
        return [Sample(r, str(r), input_tokens=5 if r == replicates[0] else 0, output_tokens=2) for r in replicates]

    def price(self, model: Model) -> Price:
        """Free."""
        return Price()

    def count_tokens(self, request: Request) -> int:
        """As many as it bills."""
        return 5


def _draw(tmp_path: Path, budget: Budget, provider: Provider, on_error: OnError = "stop") -> Draw:
    tmp_path.mkdir(exist_ok=True)
    database = open_database(f"sqlite:///{tmp_path / 'pool.db'}")
    row = Studies(database).begin("s", "{}", "d")
    readings = Readings(SPACE, Rubric.of(Exact()), seed=0, logprobs=False, failed_count=on_error == "wrong")
    pool, ledger = SamplePool(database, row.id), Ledger(database, row.id, budget)
    return Draw(readings, pool, ledger, {"m": provider}, on_error=on_error)


def _requests(draw: Draw, *questions: str) -> list[Request]:
    return [draw.readings.request(SOURCE, Example(q, {"question": q}, "0")) for q in questions]


async def test_only_what_is_missing_is_bought(tmp_path: Path) -> None:
    """Two samples are served again, two more are asked for, and a fresh process finds all four."""
    echo = Echo()
    draw = _draw(tmp_path, Budget(calls=10), echo)
    (request,) = _requests(draw, "why")
    await draw.fill([(request, 2)], phase="search")
    await draw.fill([(request, 4)], phase="search")
    assert echo.asked == [("why", 0), ("why", 1), ("why", 2), ("why", 3)]
    assert (draw.tally.bought, draw.tally.pooled) == (4, 2)
    again = _draw(tmp_path, Budget(calls=10), Echo(frozenset({"why"})))
    await again.fill([(request, 4)], phase="search")
    assert [sample.text for sample in again.readings.samples(request)] == ["0", "1", "2", "3"]
    assert again.ledger.spent() == Spend(4, 18, 0.0)


async def test_the_budget_buys_what_it_can_and_no_more(tmp_path: Path) -> None:
    """Five calls pay for two requests of two; the third is refused, and nothing stays reserved."""
    draw = _draw(tmp_path, Budget(calls=5), Echo())
    requests = _requests(draw, "a", "b", "c")
    with pytest.raises(BudgetExhausted, match="calls"):
        await draw.fill([(request, 2) for request in requests], phase="search")
    assert [len(draw.readings.samples(request)) for request in requests] == [2, 2, 0]
    assert (draw.ledger.spent().calls, draw.ledger.reserved().calls, draw.ledger.audit()) == (4, 0, [])


async def test_true_prices_below_the_worst_buy_more(tmp_path: Path) -> None:
    """Tokens are reserved at the worst, 8 a call; at the true 7, a budget of 22 still pays for a third call."""
    draw = _draw(tmp_path, Budget(tokens=22), Echo())
    await draw.fill([(request, 1) for request in _requests(draw, "a", "b", "c")], phase="search")
    assert draw.ledger.spent() == Spend(3, 21, 0.0)


async def test_one_failure_is_a_wrong_answer_where_the_study_says_so(tmp_path: Path) -> None:
    """A single failed request is kept as a sample without an answer; the others are whole, and it costs nothing."""
    draw = _draw(tmp_path, Budget(calls=10), Echo(frozenset({"b"})), "wrong")
    requests = _requests(draw, "a", "b")
    await draw.fill([(request, 1) for request in requests], phase="search")
    assert draw.readings.samples(requests[1])[0].error == "the line is dead"
    assert draw.pool.failed_counts() == {"the line is dead": 1}
    assert (draw.ledger.spent().calls, draw.ledger.reserved().calls) == (1, 0)


class Stumbling(Echo):
    """Fails at some replicates, for good."""

    def __init__(self, *lost: int) -> None:
        super().__init__()
        self.lost = lost

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """The echo, with a record in place of what is lost."""
        samples = await super().complete(request, replicates)
        return [
            Sample(one.replicate, "", finish="error", error="filtered") if one.replicate in self.lost else one
            for one in samples
        ]


@pytest.mark.parametrize("on_error", ["stop", "skip"])
async def test_a_sample_that_cannot_be_had_is_replaced(tmp_path: Path, on_error: OnError) -> None:
    """Another one is asked for in its place; the lost one is on record with its reason, not counted, not paid."""
    draw = _draw(tmp_path, Budget(calls=10), Stumbling(1, 3), on_error)
    (request,) = _requests(draw, "a")
    await draw.fill([(request, 3)], phase="search")
    assert [sample.replicate for sample in draw.readings.samples(request)] == [0, 2, 4]
    assert draw.pool.failed_counts() == {"filtered": 2}
    assert draw.ledger.spent().calls == 3
    again = _draw(tmp_path, Budget(calls=10), Echo(), on_error)
    await again.fill([(request, 3)], phase="search")
    assert again.tally.bought == 0


@pytest.mark.parametrize("on_error", ["stop", "skip"])
async def test_a_question_that_is_never_answered_is_not_judged_in_silence(tmp_path: Path, on_error: OnError) -> None:
    """It is named, with what the model said, and with the ways out; all else is bought."""
    draw = _draw(tmp_path, Budget(calls=100), Echo(frozenset({"q7"})), on_error)
    requests = _requests(draw, *(f"q{number}" for number in range(30)))
    with pytest.raises(ModelError, match=r"1 questions are never answered, the first \('q7'\) with: the line") as told:
        await draw.fill([(request, 2) for request in requests], phase="search")
    assert "on_error: wrong" in told.value.mend
    assert draw.ledger.spent().calls == 58


async def test_how_many_may_fail_is_the_studys_to_say(tmp_path: Path) -> None:
    """A tenth of the requests: too many to stop at, few enough to skip."""
    lost = frozenset({"q0", "q1", "q2"})
    cases: tuple[tuple[OnError, str], ...] = (("stop", "2 of 30"), ("skip", "3 questions are never answered"))
    for on_error, words in cases:
        draw = _draw(tmp_path / on_error, Budget(calls=100), Echo(lost), on_error)
        requests = _requests(draw, *(f"q{number}" for number in range(30)))
        with pytest.raises(ModelError, match=words):
            await draw.fill([(request, 1) for request in requests], phase="search")


async def test_requests_that_fail_in_part_count_as_failures(tmp_path: Path) -> None:
    """A model that answers half of every request is at fault; what it answered is kept."""
    draw = _draw(tmp_path, Budget(calls=1000), Stumbling(1, 3, 5, 7, 9), "wrong")
    with pytest.raises(TooManyFailed, match="requests failed, the first with: filtered"):
        await draw.fill([(request, 4) for request in _requests(draw, *map(str, range(40)))], phase="search")
    assert draw.ledger.audit() == [] and draw.ledger.reserved() == Spend()


async def test_many_failures_stop_the_study_and_lose_nothing(tmp_path: Path) -> None:
    """Two of three failed: one message says so; what arrived is kept, what failed is asked again later."""
    draw = _draw(tmp_path, Budget(calls=10), Echo(frozenset({"b", "c"})))
    requests = _requests(draw, "a", "b", "c")
    with pytest.raises(ModelError, match="2 of 3 requests failed, the first with: the line is dead"):
        await draw.fill([(request, 1) for request in requests], phase="search")
    again = _draw(tmp_path, Budget(calls=10), Echo())
    await again.fill([(request, 1) for request in requests], phase="search")
    assert again.ledger.spent().calls == 3
    assert again.pool.failed_counts() == {}


class Slow(Echo):
    """Answers after a moment, one request at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """The echo, later."""
        self.started.set()
        await asyncio.sleep(0.2)
        return await super().complete(request, replicates)


async def test_a_stop_waits_for_what_is_paid_and_asks_for_no_more(tmp_path: Path) -> None:
    """Cancelled while the first requests are on their way: they are kept and settled, the rest is never asked."""
    slow = Slow()
    draw = _draw(tmp_path, Budget(calls=100), slow)
    requests = _requests(draw, *map(str, range(40)))
    filling = asyncio.create_task(draw.fill([(request, 1) for request in requests], phase="search"))
    await slow.started.wait()
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling
    kept = [request for request in requests if draw.readings.samples(request)]
    assert 0 < len(kept) == len(slow.asked) < 40
    assert (draw.ledger.spent().calls, draw.ledger.reserved().calls) == (len(kept), 0)


async def test_the_clock_is_a_budget_too(tmp_path: Path) -> None:
    """Past the deadline nothing is bought."""
    draw = _draw(tmp_path, Budget(wall_clock_s=1), Echo())
    draw.deadline_s = 0.0
    with pytest.raises(BudgetExhausted, match="clock"):
        await draw.fill([(request, 1) for request in _requests(draw, "a")], phase="search")
    assert draw.ledger.spent() == Spend()


async def test_equal_requests_are_bought_once(tmp_path: Path) -> None:
    """Two wishes for the same request are one, as deep as the deeper of them."""
    echo = Echo()
    draw = _draw(tmp_path, Budget(calls=10), echo)
    (request,) = _requests(draw, "a")
    await draw.fill([(request, 2), (request, 3), (request, 2)], phase="search")
    assert echo.asked == [("a", 0), ("a", 1), ("a", 2)]
    assert draw.ledger.spent().calls == 3


class Splitting(Echo):
    """Sends, and bills, the prompt once for every sample."""

    may_split = True

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """One request a sample."""
        samples = []
        for replicate in replicates:
            samples += await super().complete(request, [replicate])
        return samples


async def test_the_promise_holds_where_n_is_ignored(tmp_path: Path) -> None:
    """Every sample may bring its prompt's tokens: so many are reserved, and never more than allowed are spent."""
    draw = _draw(tmp_path, Budget(tokens=40), Splitting())
    with pytest.raises(BudgetExhausted):
        await draw.fill([(request, 4) for request in _requests(draw, "a", "b", "c")], phase="search")
    assert 0 < draw.ledger.spent().tokens <= 40
    assert draw.ledger.audit() == []


class Refusing(Echo):
    """Refuses one question for good, while the others are on their way."""

    async def complete(self, request: Request, replicates: Sequence[int]) -> list[Sample]:
        """After a moment, but for the refusal, which comes at once."""
        if request.messages[-1].content == "bad":
            raise ModelError("the key is refused")
        await asyncio.sleep(0.05)
        return await super().complete(request, replicates)


async def test_what_is_on_its_way_when_a_model_refuses_is_kept(tmp_path: Path) -> None:
    """It is billed, so it is waited for, settled and in the pool; the refusal is told then."""
    refusing = Refusing()
    draw = _draw(tmp_path, Budget(calls=10), refusing)
    good, other, bad = _requests(draw, "good", "other", "bad")
    with pytest.raises(ModelError, match="key is refused"):
        await draw.fill([(good, 2), (other, 2), (bad, 2)], phase="search")
    assert len(refusing.asked) == draw.ledger.spent().calls == 4
    assert len(draw.readings.samples(good)) == 2
    assert draw.ledger.reserved() == Spend()


async def test_a_draw_that_was_stopped_can_go_on(tmp_path: Path) -> None:
    """In the same process: the next fill buys again."""
    draw = _draw(tmp_path, Budget(calls=10), Refusing())
    (request,) = _requests(draw, "a")
    filling = asyncio.create_task(draw.fill([(request, 2)], phase="search"))
    await asyncio.sleep(0.01)
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling
    await draw.fill([(request, 4)], phase="search")
    assert len(draw.readings.samples(request)) == 4


async def test_time_that_runs_out_in_mid_round_ends_it(tmp_path: Path) -> None:
    """What is on its way comes and is kept; nothing more is asked, and no sample counts as failed."""
    slow = Slow()
    draw = _draw(tmp_path, Budget(calls=100), slow)
    draw.deadline_s = time.monotonic() + 0.1
    requests = _requests(draw, *map(str, range(40)))
    with pytest.raises(BudgetExhausted, match="wall clock"):
        await draw.fill([(request, 1) for request in requests], phase="search")
    assert draw.ledger.spent().calls == len(slow.asked) == SPACE.models["m"].concurrency
    assert (draw.ledger.reserved(), draw.pool.failed_counts()) == (Spend(), {})
