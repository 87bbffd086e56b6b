"""The embedded model as a local server that speaks OpenAI's chat completions.

Routes and the life of a request; shapes are in `answers`, checks in `chat`, and the model in `jointopt.pocket`.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from jointopt.errors import ModelError, UserError
from jointopt.pocket.completion import Completion, seed_of
from jointopt.pocket.engine import Engine, encode_chat, shared_engine
from jointopt.serving.answers import Answer, Json, Teller, error
from jointopt.serving.chat import Refusal, read_chat

MOST_BYTES = 1_000_000
_PREFIX = "embedded/"


def build_app(endpoints: Sequence[str]) -> Starlette:
    """The application that serves some endpoints, such as ``embedded/micro``.

    Raises:
        ModelError: an endpoint that is not an embedded model.
    """
    door = _Door({endpoint: shared_engine(_tier(endpoint)) for endpoint in endpoints})
    routes = [
        Route("/v1/chat/completions", door.chat, methods=["POST"]),
        Route("/v1/models", door.models),
        Route("/v1/models/{model:path}", door.model),
        Route("/health", door.health),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={
            Refusal: _show_refusal,
            UserError: _show_user_error,
            HTTPException: _show_http,
            500: _show_500,
        },
    )


def serve(endpoint: str, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve an endpoint until interrupted.

    Raises:
        ModelError: the endpoint is not an embedded model.
        UserError: the port cannot be had.
    """
    app = build_app([endpoint])
    try:
        listener = socket.create_server((host, port))
    except OSError as refused:
        raise UserError(
            f"{host}:{port} cannot be listened on ({refused.strerror})", where="serve", mend="choose another port"
        ) from refused
    with listener:
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


class _Door:
    """The routes, over the engines they lead to."""

    def __init__(self, engines: dict[str, Engine]) -> None:
        self._engines = engines

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_describe(name) for name in self._engines]})

    async def model(self, request: Request) -> Response:
        name = request.path_params["model"]
        self._engine(name)
        return JSONResponse(_describe(name))

    async def chat(self, request: Request) -> Response:
        body = read_chat(await _read_body(request))
        engine = self._engine(body.model)
        prompt = encode_chat(body.messages)
        answer = Answer(body, len(prompt))
        name = str(secrets.randbits(64) if body.seed is None else body.seed)
        seeds = [seed_of(name, choice) for choice in range(body.n)]
        if body.stream:
            heard = _Heard()
            future = engine.submit(prompt, seeds, body.decoding, heard.hear)
            future.add_done_callback(heard.end)
            return StreamingResponse(_stream(answer, heard, future), media_type="text/event-stream")
        future = engine.submit(prompt, seeds, body.decoding)
        completions: list[Completion] = await asyncio.wrap_future(future)
        return JSONResponse(answer.whole(completions))

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            known = ", ".join(self._engines)
            raise Refusal(
                f"there is no model {name!r} here",
                param="model",
                mend=f"use {known}",
                status=404,
                code="model_not_found",
            )
        return self._engines[name]


class _Heard:
    """What the engine's thread says, queued for the event loop: (choice, text so far), and None at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()

    def hear(self, choice: int, text: str) -> None:
        self._loop.call_soon_threadsafe(self.queue.put_nowait, (choice, text))

    def end(self, _: "Future[list[Completion]]") -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.queue.put_nowait, None)


async def _stream(answer: Answer, heard: _Heard, future: "Future[list[Completion]]") -> AsyncIterator[str]:
    """Server-sent events. Log-probabilities come with each choice's last chunk."""
    body = answer.body
    tellers = [Teller(body.decoding.stop) for _ in range(body.n)]
    try:
        for choice in range(body.n):
            yield _event(answer.chunk(choice, {"role": "assistant", "content": ""}))
        while (said := await heard.queue.get()) is not None:
            if delta := tellers[said[0]].tell(said[1]):
                yield _event(answer.chunk(said[0], delta))
        completions = future.result()
        for choice, completion in enumerate(completions):
            delta = tellers[choice].tell(completion.text, final=True)
            yield _event(answer.chunk(choice, delta, completion.finish, answer.logprobs(completion)))
        if body.include_usage:
            yield _event(answer.usage_chunk(completions))
        yield "data: [DONE]\n\n"
    finally:  # a client that went away frees its places in the batch
        future.cancel()


def _event(part: Json) -> str:
    return f"data: {json.dumps(part)}\n\n"


async def _read_body(request: Request) -> bytes:
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > MOST_BYTES:
            raise Refusal(
                f"the body is longer than {MOST_BYTES:,} bytes",
                mend="send a shorter chat",
                status=413,
                code="too_large",
            )
    return data


def _tier(endpoint: str) -> str:
    if not endpoint.startswith(_PREFIX):
        raise ModelError(
            f"{endpoint!r} is not an embedded model", where="serve", mend=f"use {_PREFIX}nano or {_PREFIX}micro"
        )
    return endpoint.removeprefix(_PREFIX)


def _describe(name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": "jointopt"}


def _show_refusal(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refusal)
    return JSONResponse(error(str(refused), param=refused.param or None, code=refused.code), refused.status)


def _show_user_error(_: Request, wrong: Exception) -> Response:
    return JSONResponse(error(str(wrong), param="messages"), 400)


def _show_http(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)
    return JSONResponse(error(wrong.detail), wrong.status_code)


def _show_500(_: Request, __: Exception) -> Response:
    return JSONResponse(error("the server failed; its log says how", kind="server_error"), 500)
