"""The hostile server is honest until it is told otherwise, and its bill adds up."""

import asyncio
import json
from collections.abc import Iterable

import aiohttp
import pytest

from jointopt.domain import Message, Model, Request
from jointopt.providers.reply import most_input_tokens
from tests.hostile import faults
from tests.hostile.asking import MESSAGES, Met, ask, meet
from tests.hostile.faults import HONEST
from tests.hostile.scripts import at_most, in_turn, per_second, storm
from tests.hostile.server import Server, serving
from tests.hostile.spawned import spawned


def _free(server: Server) -> bool:
    return server.bill.replies == server.bill.tokens == 0


async def test_an_honest_reply_has_all_that_the_api_promises() -> None:
    """All n choices with usage and log-probabilities; the prompt's tokens are the upper bound, a byte a token."""
    with serving() as server:
        (met,) = await ask(server.url, n=3, logprobs=True, seed=7)
        visits, bill = server.visits, server.bill
    request = Request(Model("m", "x"), tuple(Message(**each) for each in MESSAGES), 1.0)
    usage, choices = met.read["usage"], met.read["choices"]
    assert len(set(met.texts)) == len(choices) == 3
    assert usage["prompt_tokens"] == most_input_tokens(request)
    assert usage["completion_tokens"] == sum(len(text.encode()) for text in met.texts if text)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] == bill.tokens
    assert "".join(token["token"] for token in choices[0]["logprobs"]["content"]) == met.texts[0]
    assert (bill.replies, bill.completions, visits.seeds, visits.in_flight) == (1, 3, {7: 1}, 0)


async def test_no_text_is_told_twice_unless_the_seed_is_settled() -> None:
    """Equal requests get unequal texts; a settled server repeats itself for one seed, and at temperature 0."""
    with serving() as server:
        told = {text for met in await ask(server.url, times=4, n=2, seed=1) for text in met.texts}
    with serving(settled=True) as server:
        again = [met.texts for met in await ask(server.url, times=2, n=2, seed=1)]
        (other,) = await ask(server.url, n=2, seed=2)
        (cold,) = await ask(server.url, n=2, temperature=0)
    assert len(told) == 8
    assert again[0] == again[1] != other.texts
    assert len(set(cold.texts)) == 1


async def test_a_text_is_no_longer_than_allowed() -> None:
    """It ends at max_tokens bytes, and says so."""
    met = await meet(HONEST, max_tokens=5)
    assert [len(text or "") for text in met.texts] == [5]
    assert met.read["choices"][0]["finish_reason"] == "length"


async def test_the_door_opens_for_its_keys_only() -> None:
    """A wrong key gets OpenAI's error; requests are counted by key."""
    with serving(keys=["good"]) as server:
        replies = [(await ask(server.url, key=key))[0] for key in ("good", "bad", "")]
        keys = server.visits.keys
    assert [met.status for met in replies] == [200, 401, 401]
    assert replies[1].read["error"]["code"] == "invalid_api_key"
    assert keys == {"good": 1, "bad": 1, "": 1}


async def test_models_are_listed_and_others_unknown() -> None:
    """GET /v1/models names them; another one is a 404 with a code, a wrong path a 404 with a page."""
    with serving(models=["m"]) as server:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/models") as reply:
            listed = await reply.json()
        (unknown,) = await ask(server.url, model="other")
        (astray,) = await ask(f"{server.url}/v1")
    assert [model["id"] for model in listed["data"]] == ["m"]
    assert (unknown.status, unknown.read["error"]["code"]) == (404, "model_not_found")
    assert (astray.status, astray.headers["Content-Type"][:9], astray.body[:9]) == (404, "text/html", b"<!doctype")


def _statuses(replies: Iterable[Met]) -> list[int]:
    return sorted(met.status for met in replies)


async def test_a_limiter_refuses_what_is_too_much_at_once() -> None:
    """Three of five at once are served; when they are, three more are; each key has its own share if so told."""
    with serving(at_most(3), delay_s=0.2) as server:
        assert _statuses(await ask(server.url, times=5)) == [200] * 3 + [429] * 2
        assert _statuses(await ask(server.url, times=3)) == [200] * 3
        assert server.bill.replies == 6
    with serving(at_most(1, per_key=True), delay_s=0.2) as server:
        mine, theirs = await asyncio.gather(ask(server.url, times=2, key="a"), ask(server.url, times=1, key="b"))
    assert (_statuses(mine), _statuses(theirs)) == ([200, 429], [200])


async def test_a_limiter_refuses_what_comes_too_fast() -> None:
    """At one in 100 seconds, one is served; who waits is served again."""
    with serving(per_second(0.01)) as server:
        assert _statuses(await ask(server.url, times=4)) == [200] + [429] * 3
    with serving(per_second(20)) as server:
        await ask(server.url, times=3)
        await asyncio.sleep(0.06)
        assert _statuses(await ask(server.url)) == [200]


async def test_faults_come_in_turn() -> None:
    """Each once, then none; the server remembers which request met which."""
    with serving(in_turn(faults.status(500), faults.TOO_MANY)) as server:
        assert [(await ask(server.url))[0].status for _ in range(3)] == [500, 429, 200]
        assert [asked.met for asked in server.asked] == ["status_500", "too_many", "honest"]


async def _endure(server: Server, times: int) -> tuple[int, int, int]:
    """Replies, choices and tokens of so many requests, of those that came whole."""
    replies = choices = tokens = 0
    async with aiohttp.ClientSession() as session:
        for n in (1 + number % 3 for number in range(times)):
            body = {"messages": MESSAGES, "n": n}
            try:
                async with session.post(f"{server.url}/chat/completions", json=body) as reply:
                    read = json.loads(await reply.read())
            except (aiohttp.ClientError, OSError, ValueError, RecursionError):
                continue
            if reply.status == 200:
                replies, choices = replies + 1, choices + len(read["choices"])
                tokens += read["usage"]["completion_tokens"] + read["usage"]["prompt_tokens"]
    return replies, choices, tokens


async def test_the_bill_of_a_storm_adds_up() -> None:
    """A fifth of the requests meets a fault, the same ones for the same seed; who reads all replies knows the bill."""
    met: list[list[str]] = []
    for _ in range(2):
        with serving(storm((*faults.PASSING, faults.FEWER, faults.MORE), seed=3)) as server:
            replies, choices, tokens = await _endure(server, 400)
            assert (replies, choices, tokens) == (server.bill.replies, server.bill.completions, server.bill.tokens)
            met.append([asked.met for asked in server.asked][:300])
    faulty = sum(name != "honest" for name in met[0])
    assert 40 < faulty < 80
    assert len(set(met[0])) > 15
    assert met[0] == met[1]


async def test_a_reply_that_nobody_waits_for_is_not_charged() -> None:
    """The client has gone before it was due."""
    with serving(delay_s=0.7) as server:
        with pytest.raises(TimeoutError):
            await ask(server.url)
        await asyncio.sleep(0.3)
        assert _free(server) and server.visits.in_flight == 0


async def test_it_runs_in_a_process_of_its_own() -> None:
    """Its account comes over HTTP, and it ends with its parent's interest."""
    with spawned("--delay-ms", "1", "--key", "k", "--storm", "1", "--fault", "more") as server:
        (met,) = await ask(server.url, key="k")
        account = await asyncio.to_thread(server.account)
    assert len(met.texts) == 3
    assert (account["bill"]["completions"], account["visits"]["met"]) == (3, {"more": 1})
