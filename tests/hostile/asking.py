"""A plain client of the hostile server, on aiohttp and on a bare socket."""

import asyncio
import json
from typing import Any

import aiohttp

from tests.hostile.faults import Fault
from tests.hostile.scripts import Script
from tests.hostile.server import serving

MESSAGES = [{"role": "system", "content": "Be kind, größer."}, {"role": "user", "content": "Hi"}]


class Met:
    """What a client got: a status, headers and a body."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def read(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def texts(self) -> list[str | None]:
        """What the choices say."""
        return [choice["message"]["content"] for choice in self.read["choices"]]


async def ask(url: str, *, times: int = 1, key: str = "", **fields: Any) -> list[Met]:
    """The same request several times at once."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def post(session: aiohttp.ClientSession) -> Met:
        body = {"model": "m", "messages": MESSAGES, "max_tokens": 64} | fields
        async with session.post(f"{url}/chat/completions", json=body, headers=headers) as reply:
            return Met(reply.status, reply.headers, await reply.read())

    connector = aiohttp.TCPConnector(limit=times)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(0.5)) as session:
        return await asyncio.gather(*(post(session) for _ in range(times)))


async def meet(behaviour: Fault | Script, **fields: Any) -> Met:
    """The one reply of a server that behaves so."""
    with serving(behaviour) as server:
        (met,) = await ask(server.url, **fields)
    return met


async def listen(url: str, sent: bytes) -> tuple[bytes, Exception | None]:
    """What a plain socket receives, and how that ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1].partition("/")[0]))
    received, end = b"", None
    writer.write(sent)
    try:
        async with asyncio.timeout(0.2):
            while more := await reader.read(65536):
                received += more
    except (ConnectionResetError, TimeoutError) as error:
        end = error
    writer.close()
    return received, end


def spell(**fields: Any) -> bytes:
    """A request, letter by letter."""
    body = json.dumps({"model": "m", "messages": MESSAGES} | fields).encode()
    return b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
