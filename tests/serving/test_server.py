"""The server, asked by the clients that people use."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Iterator
from typing import Any

import httpx
import openai
import pytest

from jointopt.errors import ModelError, UserError
from jointopt.pocket.lessons import THINK_LINE
from jointopt.serving import build_app, serve

QUESTION = {"role": "user", "content": "leo has 12 apples. leo buys 5 more. how many apples does leo have now?"}
STEPS = {"role": "system", "content": "think step by step."}
CHAT: Any = [STEPS, QUESTION]


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    """The official client, without retries."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def post(url: str, **fields: object) -> httpx.Response:
    """A raw request; a field set to None is sent as null."""
    body = {"model": "embedded/nano", "messages": CHAT} | fields
    return httpx.post(f"{url}/v1/chat/completions", json=body)


def test_a_chat_is_completed(client: Any) -> None:
    """Choices, finish and usage are as the client expects them."""
    answer = client.chat.completions.create(model="embedded/nano", messages=CHAT, n=3, seed=1)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert all("answer:" in choice.message.content and choice.finish_reason == "stop" for choice in answer.choices)
    assert (answer.object, answer.model) == ("chat.completion", "embedded/nano")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 15
    assert answer.usage.completion_tokens >= 3 * 10


def test_a_seed_repeats_and_its_absence_does_not(client: Any) -> None:
    """The same seed gives the same choices; without one they are fresh."""

    def ask(**fields: object) -> tuple[str, ...]:
        answer = client.chat.completions.create(model="embedded/nano", messages=CHAT[1:], n=16, **fields)
        return tuple(choice.message.content for choice in answer.choices)

    assert ask(seed=5) == ask(seed=5)
    assert ask(seed=-5) != ask(seed=5)
    assert ask() != ask()
    assert ask(seed=5)[:4] == tuple(
        choice.message.content
        for choice in client.chat.completions.create(model="embedded/nano", messages=CHAT[1:], n=4, seed=5).choices
    )


def test_zero_temperature_is_greedy(client: Any) -> None:
    """All choices are one text."""
    answer = client.chat.completions.create(model="embedded/micro", messages=CHAT, n=8, temperature=0)
    assert len({choice.message.content for choice in answer.choices}) == 1


def test_limits_and_stops(client: Any) -> None:
    """Both names of the limit cut; a stop text ends, and is cut off."""
    for name in ("max_tokens", "max_completion_tokens"):
        short = client.chat.completions.create(model="embedded/nano", messages=CHAT, **{name: 3})
        assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 3)
    for stop in ("answer", ["zebra", "answer"]):
        stopped = client.chat.completions.create(model="embedded/nano", messages=CHAT, stop=stop, seed=1)
        assert "answer" not in stopped.choices[0].message.content
        assert stopped.choices[0].finish_reason == "stop"


def test_log_probabilities(client: Any) -> None:
    """Every token has one; the tokens spell the text; the likeliest come first."""
    answer = client.chat.completions.create(
        model="embedded/nano", messages=CHAT, logprobs=True, top_logprobs=4, seed=2, temperature=0
    )
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens).strip() == answer.choices[0].message.content
    for token in tokens:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 4
        assert token.top_logprobs[0].token == token.token
        assert [top.logprob for top in token.top_logprobs] == sorted(
            (top.logprob for top in token.top_logprobs), reverse=True
        )


def test_thoughts_are_apart_from_the_answer(client: Any) -> None:
    """They are in `reasoning_content`, and counted."""
    chat = [{"role": "developer", "content": f"{THINK_LINE} just answer."}, QUESTION]
    answer = client.chat.completions.create(model="embedded/micro", messages=chat, seed=3, temperature=0)
    message = answer.choices[0].message
    assert message.reasoning_content == "17"
    assert message.content == "answer: 17"
    assert 0 < answer.usage.completion_tokens_details.reasoning_tokens < answer.usage.completion_tokens


@pytest.mark.parametrize("system", ["think step by step.", f"{THINK_LINE} just answer."])
@pytest.mark.parametrize("stop", [None, ["ans", "zebra"], ["answer: 17 and more"]])
def test_a_stream_adds_up_to_the_whole(client: Any, system: str, stop: list[str] | None) -> None:
    """The deltas of every choice, joined, are what a plain request with the same seed gives; so is the usage."""
    ask: dict[str, Any] = {
        "model": "embedded/nano",
        "n": 4,
        "seed": 9,
        "messages": [{"role": "system", "content": system}, QUESTION],
    }
    if stop:
        ask["stop"] = stop
    whole = client.chat.completions.create(**ask, logprobs=True)
    texts, thoughts, finishes = [""] * 4, [""] * 4, [""] * 4
    logprobs: list[list[Any]] = [[] for _ in range(4)]
    usage = None
    for chunk in client.chat.completions.create(
        **ask, stream=True, stream_options={"include_usage": True}, logprobs=True
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            thoughts[choice.index] += getattr(choice.delta, "reasoning_content", None) or ""
            finishes[choice.index] = choice.finish_reason or finishes[choice.index]
            logprobs[choice.index] += choice.logprobs.content if choice.logprobs else []
    assert texts == [choice.message.content for choice in whole.choices]
    assert thoughts == [getattr(choice.message, "reasoning_content", "") for choice in whole.choices]
    assert finishes == [choice.finish_reason for choice in whole.choices]
    assert logprobs == [choice.logprobs.content for choice in whole.choices]
    assert usage == whole.usage


def test_a_stream_comes_in_pieces_and_ends_in_done(url: str) -> None:
    """The raw stream is server-sent events, many of them, with the last one as OpenAI writes it."""
    lines = [line for line in post(url, stream=True).text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert len(chunks) > 8
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all("usage" not in chunk for chunk in chunks)


def test_models_and_health(client: Any, url: str) -> None:
    """Both tiers are listed and found; the server says that it is well."""
    assert [model.id for model in client.models.list()] == ["embedded/nano", "embedded/micro"]
    assert client.models.retrieve("embedded/micro").id == "embedded/micro"
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}


async def test_many_requests_at_once(url: str) -> None:
    """Sixty concurrent requests share a batch, and each gets what it would have got alone."""
    chats = [
        [STEPS, {"role": "user", "content": f"ben has {n} pens. ben buys 9 more. how many pens is that?"}]
        for n in range(60)
    ]
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:

        def ask(chat: Any) -> Awaitable[Any]:
            return client.chat.completions.create(model="embedded/nano", messages=chat, seed=4)

        answers = await asyncio.gather(*map(ask, chats))
        for i in (0, 30, 59):
            alone = await ask(chats[i])
            assert alone.choices[0].message.content == answers[i].choices[0].message.content


def test_a_client_that_leaves_a_stream_frees_the_server(url: str) -> None:
    """After a stream is broken off, the next request is answered."""
    body = {"model": "embedded/micro", "messages": CHAT, "n": 128, "stream": True}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
        next(response.iter_lines())
    assert post(url).status_code == 200


def test_harmless_fields_are_ignored(url: str) -> None:
    """Unknown fields, and known ones that ask for nothing, change nothing."""
    fields = {"user": "me", "metadata": {"a": "b"}, "top_p": 1, "presence_penalty": 0, "tools": [], "n": None, "zzz": 1}
    assert post(url, seed=1, **fields).json()["choices"] == post(url, seed=1).json()["choices"]


def test_text_parts_are_joined(url: str) -> None:
    """Content may come as a list of text parts."""
    parts = [{"role": "user", "content": [{"type": "text", "text": QUESTION["content"]}]}]
    assert (
        post(url, messages=parts, seed=1).json()["choices"] == post(url, messages=[QUESTION], seed=1).json()["choices"]
    )


@pytest.mark.parametrize(
    ("fields", "param", "value"),
    [
        ({"n": 0}, "n", "0"),
        ({"n": 129}, "n", "129"),
        ({"n": 1.5}, "n", "1.5"),
        ({"n": True}, "n", "true"),
        ({"temperature": "hot"}, "temperature", "hot"),
        ({"temperature": 2.5}, "temperature", "2.5"),
        ({"temperature": -1}, "temperature", "-1"),
        ({"max_tokens": 0}, "max_tokens", "0"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens", "5"),
        ({"seed": 1.5}, "seed", "1.5"),
        ({"stop": ""}, "stop", '""'),
        ({"stop": [1]}, "stop", "[1]"),
        ({"logprobs": 3}, "logprobs", "3"),
        ({"top_logprobs": 3}, "top_logprobs", "3"),
        ({"logprobs": True, "top_logprobs": 6}, "top_logprobs", "6"),
        ({"top_p": 0.5}, "top_p", "0.5"),
        ({"tools": [{"type": "function"}]}, "tools", "function"),
        ({"response_format": {"type": "json_object"}}, "response_format", "json_object"),
        ({"model": None}, "model", "no model"),
        ({"model": 5}, "model", "5"),
        ({"messages": []}, "messages", "no messages"),
        ({"messages": "hello"}, "messages", "hello"),
        ({"messages": ["hello"]}, "messages[0]", "hello"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "king"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "null"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content", "image_url"),
        ({"messages": [{"role": "user", "content": "pears " * 200}]}, "messages", "tokens"),
        ({"stream_options": True}, "stream_options", "true"),
    ],
)
def test_bad_fields_are_refused(url: str, fields: dict[str, object], param: str, value: str) -> None:
    """A 400 in OpenAI's shape names the field, the value and the mend."""
    response = post(url, **fields)
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["param"] == param
    assert value in error["message"]
    assert "mend:" in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"n":' + b"9" * 5000 + b"}"])
def test_bodies_that_are_no_object_are_refused(url: str, data: bytes) -> None:
    """Whatever the bytes, the answer is a clear 400."""
    response = httpx.post(f"{url}/v1/chat/completions", content=data)
    assert response.status_code == 400
    assert "mend:" in response.json()["error"]["message"]


def test_numbers_that_are_none_are_refused(url: str) -> None:
    """JSON as Python reads it has NaN and infinity; neither is a temperature."""
    for number in ("NaN", "Infinity"):
        data = json.dumps({"model": "embedded/nano", "messages": CHAT, "temperature": 7}).replace("7", number)
        assert httpx.post(f"{url}/v1/chat/completions", content=data).status_code == 400


def test_a_body_that_is_too_long_is_refused(url: str) -> None:
    """Above one megabyte the answer is 413."""
    response = post(url, messages=[{"role": "user", "content": "a" * 1_000_001}])
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


def test_an_unknown_model_is_not_found(client: Any, url: str) -> None:
    """A 404 that names those there are."""
    with pytest.raises(openai.NotFoundError, match="embedded/nano, embedded/micro"):
        client.chat.completions.create(model="gpt-9", messages=CHAT)
    assert httpx.get(f"{url}/v1/models/gpt-9").status_code == 404


def test_unknown_paths_and_methods_answer_in_the_same_shape(url: str) -> None:
    """404 and 405 carry an error object too."""
    for response, status in ((httpx.get(f"{url}/v2"), 404), (httpx.get(f"{url}/v1/chat/completions"), 405)):
        assert response.status_code == status
        assert response.json()["error"]["message"]


def test_only_embedded_models_are_served() -> None:
    """Another endpoint, or a tier that does not exist, is refused before anything listens."""
    with pytest.raises(ModelError, match=r"openai/gpt.*\n.*embedded/nano"):
        build_app(["openai/gpt"])
    with pytest.raises(ModelError, match="mega"):
        build_app(["embedded/mega"])


def test_a_port_that_is_taken_is_named() -> None:
    """The message has the address and the mend."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{port}.*\n.*another port"):
            serve("embedded/nano", port=port)
