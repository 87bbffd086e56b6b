"""The throttle: as many at once as a server bears, and no longer than patience lasts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from jointopt.providers.failure import LOST, OUT_OF_SHAPE, TOO_MANY, Failure
from jointopt.providers.throttle import LESS, START, TRIES, Clock, Throttle

BUSY = Failure(TOO_MANY, "slow down")


def _throttle(most: int = 100, halted: Callable[[], bool] = lambda: False) -> Throttle:
    return Throttle(most, 0.0001, halted)


def _failing(*failures: Failure) -> tuple[Callable[[], Awaitable[str]], list[int]]:
    """An attempt that fails in these ways, one after the other, and then succeeds; and how often it was made."""
    left, made = list(failures), list[int]()

    async def ask() -> str:
        made.append(1)
        await asyncio.sleep(0)
        if left:
            raise left.pop(0)
        return "well"

    return ask, made


async def test_it_begins_with_few_and_doubles_while_all_is_well() -> None:
    """As TCP does before it has met its first loss."""
    throttle = _throttle()
    assert throttle.allowed == START
    ask, _ = _failing()
    await asyncio.gather(*(throttle.insist(ask, 1.0) for _ in range(START)))
    assert throttle.allowed == 2 * START


async def test_one_refusal_makes_less_and_further_growth_slow() -> None:
    """A fifth less at once, then one more for every round of replies."""
    throttle = _throttle()
    ask, _ = _failing(BUSY)
    await throttle.insist(ask, 1.0)
    assert throttle.allowed == pytest.approx(START * LESS + 1 / (START * LESS))


async def test_refusals_of_one_round_count_once() -> None:
    """Twenty requests that meet the same crowd make it a fifth less, not nothing."""
    throttle = _throttle()

    async def busy() -> None:
        await asyncio.sleep(0.01)
        raise BUSY

    results = await asyncio.gather(*(throttle.insist(busy, 0.0) for _ in range(START)), return_exceptions=True)
    assert results == [BUSY] * START
    assert throttle.allowed == pytest.approx(START * LESS)


async def test_never_more_at_once_than_is_allowed() -> None:
    """However many wait, and in the order in which they came."""
    throttle, under_way, most, order = _throttle(3), [0], [0], list[int]()

    async def ask(number: int) -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        order.append(number)
        await asyncio.sleep(0.001)
        under_way[0] -= 1

    await asyncio.gather(*(throttle.insist(lambda number=number: ask(number), 1.0) for number in range(20)))  # type: ignore[misc]
    assert (most[0], order) == (3, list(range(20)))


async def test_who_gives_up_waiting_leaves_the_place_to_the_next() -> None:
    """Cancelled while it waits, or just when its turn comes: nobody waits for ever."""
    throttle, gate = _throttle(1), asyncio.Event()

    async def hold() -> None:
        await gate.wait()

    async def well() -> str:
        return "well"

    first = asyncio.create_task(throttle.insist(hold, 1.0))
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(throttle.insist(well, 1.0)) for _ in range(2))
    await asyncio.sleep(0)
    gate.set()
    await first
    second.cancel()
    assert await asyncio.wait_for(third, 5) == "well"
    assert throttle.under_way == 0


@pytest.mark.parametrize("failure", [Failure(LOST, "reset"), Failure(OUT_OF_SHAPE, "no JSON"), Failure(500, "broken")])
async def test_faults_have_a_number_of_tries(failure: Failure) -> None:
    """So many, and no more; the last failure is told."""
    ask, made = _failing(*[failure] * TRIES)
    with pytest.raises(Failure, match=failure.line):
        await _throttle().insist(ask, 60.0)
    assert len(made) == TRIES


async def test_a_crowd_is_waited_for_as_long_as_patience_lasts() -> None:
    """It is nobody's fault: it does not count as a try."""
    ask, made = _failing(*[BUSY] * 3 * TRIES)
    assert await _throttle().insist(ask, 60.0) == "well"
    assert len(made) == 3 * TRIES + 1
    ask, made = _failing(Failure(TOO_MANY, "come back tomorrow", wait_s=86_400))
    with pytest.raises(Failure, match="tomorrow"):
        await _throttle().insist(ask, 60.0)


@pytest.mark.parametrize(
    "failure",
    [Failure(400, "no"), Failure(401, "no"), Failure(TOO_MANY, "insufficient_quota"), Failure(LOST, "x", lasting=True)],
)
async def test_what_does_not_pass_is_tried_once(failure: Failure) -> None:
    """A refused key, a bad request, an empty account."""
    ask, made = _failing(failure)
    with pytest.raises(Failure):
        await _throttle().insist(ask, 60.0)
    assert len(made) == 1


async def test_what_a_server_asks_to_wait_everyone_waits() -> None:
    """A second request is not sent while the endpoint is closed by what the first one met."""
    throttle = _throttle()
    throttle.close_for(0.05)
    ask, made = _failing()
    waiting = asyncio.create_task(throttle.insist(ask, 1.0))
    await asyncio.sleep(0.01)
    assert made == []
    assert await waiting == "well"


async def test_nobody_waits_longer_than_patience_for_a_gate_to_open() -> None:
    """A server that says tomorrow is a failure today, for whoever asks next too; it says how long it would be."""
    throttle = _throttle()
    throttle.close_for(86_400)
    ask, made = _failing()
    with pytest.raises(Failure, match=r"asks to wait 86\d\d\d s"):
        await throttle.insist(ask, 60.0)
    assert (made, throttle.under_way) == ([], 0)


async def test_patience_begins_with_the_first_attempt() -> None:
    """Not while a request waits for a place."""
    throttle, (ask, made) = _throttle(1), _failing(BUSY)

    async def hold() -> None:
        await asyncio.sleep(0.1)

    first = asyncio.create_task(throttle.insist(hold, 1.0))
    await asyncio.sleep(0)
    assert await throttle.insist(ask, 0.05) == "well"
    await first
    assert len(made) == 2


async def test_thousands_of_tries_do_not_overflow() -> None:
    """Pauses stop growing long before numbers end."""
    ask, made = _failing(*[Failure(TOO_MANY, "slow down", wait_s=0.0)] * 1100)
    assert await Throttle(1, 0.0, lambda: False).insist(ask, 600.0) == "well"
    assert len(made) == 1101


async def test_nothing_is_asked_again_when_a_run_stops() -> None:
    """Neither what failed, nor what still waits for its turn."""
    ask, made = _failing(BUSY, BUSY)
    with pytest.raises(Failure, match="slow down"):
        await _throttle(halted=lambda: True).insist(ask, 60.0)
    assert len(made) == 1
    throttle = _throttle(halted=lambda: True)
    throttle.close_for(30)
    with pytest.raises(Failure, match="stopped before it was asked"):
        await throttle.insist(ask, 60.0)


def test_a_lane_is_booked_one_after_the_other() -> None:
    """Sixty a minute are one a second; a lane that was idle owes nothing."""
    now = [100.0]
    pace = Clock(lambda: now[0])
    assert [pace("requests", 1.0) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert pace("tokens", 5.0) == 0.0
    now[0] = 200.0
    assert pace("requests", 1.0) == 0.0
