"""A small server on the loopback that speaks a vendor's API, well or badly: a fake at the network's edge."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from jointopt.domain import Message, Model, Price, Request
from jointopt.providers import Provider, connect

Answer = tuple[int, dict[str, Any]]


@dataclass
class Server:
    """What the server was asked, and what it answers: `answer` gets the body and the number of the call, from 0."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    answer: Callable[[dict[str, Any], int], Answer] = lambda body, _: (200, Server.completion(body.get("n") or 1))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization"))
        number = len(self.asked) - 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0.002)
        self.under_way -= 1
        status, reply = self.answer(body, number)
        return web.Response(status=status, text=json.dumps(reply), content_type="application/json")

    @staticmethod
    def completion(n: int = 1, **message: object) -> dict[str, Any]:
        """A reply of n choices: 7 tokens in, 10 out for each."""
        choices = [
            {"index": k, "finish_reason": "stop", "message": {"role": "assistant", "content": f"text {k}"} | message}
            for k in range(n)
        ]
        usage = {"prompt_tokens": 7, "completion_tokens": 10 * n, "total_tokens": 7 + 10 * n}
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}

    @staticmethod
    def error(message: str) -> dict[str, Any]:
        """An error as the OpenAI API writes it."""
        return {"error": {"message": message, "type": "error", "param": None, "code": None}}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A running server; everything is answered well until a test says otherwise."""
    state = Server()
    app = web.Application()
    app.router.add_post("/{path:.*}", state.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    state.url = f"http://{host}:{port}/v1"
    yield state
    await runner.cleanup()


@pytest_asyncio.fixture
async def vendors() -> AsyncIterator[Provider]:
    """What answers for every vendor."""
    provider = connect(Model("m", "openai/m", client="litellm"))
    yield provider
    await provider.close()


@pytest.fixture
def ask(server: Server) -> Callable[..., Request]:
    """Makes a request to an endpoint on the server: a dollar for a million tokens in, two out."""

    def request(endpoint: str, *, temperature: float = 1.0, logprobs: bool = False, **extra: object) -> Request:
        # where LiteLLM talks to a vendor in its own way, it knows the path itself
        own = endpoint.startswith(("anthropic/", "gemini/"))
        url = server.url.removesuffix("/v1") if own else server.url
        model = Model("m", endpoint, price=Price(1, 2, 0.1), base_url=url, extra=extra)
        return Request(model, (Message("user", "Hi"),), temperature, logprobs=logprobs)

    return request
