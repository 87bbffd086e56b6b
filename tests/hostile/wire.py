"""HTTP/1.1 on one connection, as little of it as clients need: keep-alive, and bodies of a known length.

It does not know what is asked for, nor what is charged.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

JSON, HTML = "application/json", "text/html; charset=utf-8"
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_HELLO = 0x16  # the first byte of a TLS handshake
_BROKEN = bytes.fromhex("15030300020228")  # a TLS alert: handshake_failure, fatal
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: closing sends RST instead of FIN


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, whole. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Link(asyncio.Protocol):
    """One connection. Requests are answered one after the other: the next one is read when this one is done.

    Args:
        serve: told of every request.
        links: the open connections; this one is among them while it lives.
        on_hello: told when a client speaks TLS.
    """

    def __init__(
        self, serve: Callable[["Link", Heard], None], links: "set[Link]", on_hello: Callable[[], None]
    ) -> None:
        self._serve, self._links, self._on_hello = serve, links, on_hello
        self._buffer = b""
        self._busy = False
        self._last = False  # the client closes after this reply
        self.on_end: list[Callable[[], None]] = []  # told, once, when the request is answered, or lost

    @property
    def gone(self) -> bool:
        """Whether nobody would hear a reply."""
        return self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self.transport = cast(asyncio.Transport, transport)
        self._links.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It went."""
        self._links.discard(self)
        self._end()

    def data_received(self, data: bytes) -> None:
        """Some of a request came, or more than one."""
        if not self._buffer and data[0] == _HELLO:
            self._on_hello()
            self.transport.write(_BROKEN)
            self.transport.close()
            return
        self._buffer += data
        self._next()

    def send(self, status: int, body: bytes, headers: Mapping[str, str], *, content_type: str = JSON) -> None:
        """A whole reply; the connection stays, unless the client wants it closed."""
        self.transport.write(head(status, len(body), headers, content_type) + body)
        last = self._last
        self._end()
        if last:
            self.transport.close()
        self._next()

    def write(self, data: bytes) -> None:
        """Bytes as they are: the request counts as under way until the connection is closed."""
        self.transport.write(data)

    def close(self) -> None:
        """End the connection with what was written."""
        self.transport.close()

    def reset(self) -> None:
        """End the connection with RST: the client's next read fails."""
        connection = cast("socket.socket | None", self.transport.get_extra_info("socket"))
        if connection is not None and not self.gone:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _end(self) -> None:
        self._busy = False
        ended, self.on_end = self.on_end, []
        for tell in ended:
            tell()

    def _next(self) -> None:
        if not self._busy and not self.gone and (heard := self._take()):
            self._busy = True
            self._last = heard.headers.get("connection", "").lower() == "close"
            self._serve(self, heard)

    def _take(self) -> Heard | None:
        """The next request off the buffer; None while it is not whole."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        start = end + 4
        stop = start + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        body, self._buffer = self._buffer[start:stop], self._buffer[stop:]
        method, path, *_ = first.split(" ")
        return Heard(method, path, headers, body)


def head(status: int, length: int, headers: Mapping[str, str], content_type: str = JSON) -> bytes:
    """The first lines of a reply, up to its body."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    reason = _REASONS.get(status, "Odd")
    start = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n"
    return (start + lines + "\r\n").encode("latin-1")


def listen(loop: asyncio.AbstractEventLoop, factory: Callable[[], Link], host: str) -> Any:
    """Listen on a free port of an address: awaits to an asyncio server."""
    return loop.create_server(factory, host, 0, backlog=4096)
