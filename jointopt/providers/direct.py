"""OpenAI-compatible endpoints over plain HTTP: what LiteLLM would send, at a tenth of its work.

It reads no more of a reply than completions of the longest length could take, and follows no redirect: a key goes to
the host that was named, and nowhere else.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from jointopt.domain import Model, Request
from jointopt.providers.clients import base_url, key_names
from jointopt.providers.failure import LOST, OUT_OF_SHAPE, TOO_LATE, Failure, one_line
from jointopt.providers.remote import Client
from jointopt.providers.reply import Reply, part
from jointopt.providers.waits import read_wait

_ONLY_LITELLM = {"allowed_openai_params", "drop_params", "additional_drop_params", "extra_body"}
_ENCODER = json.JSONEncoder(ensure_ascii=False)  # made once: `dumps` would make one for every request
_PER_REPLY, _PER_TOKEN = 256_000, 1_000  # bytes that a reply may have: a token with its log-probability, generously
_OK, _REDIRECTS, _ERRORS = 200, 300, 400
_CONNECTING_S = 15.0
_HERE = {"localhost", "127.0.0.1", "::1"}  # no proxy leads back to this machine


class Direct(Client):
    """Sends requests over connections that stay open."""

    def __init__(self) -> None:
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    async def ask(self, request: Request, n: int, key: str | None) -> Reply:
        """One POST, one reply."""
        model = request.model
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        timeout = aiohttp.ClientTimeout(total=model.timeout_s, sock_connect=min(_CONNECTING_S, model.timeout_s))
        body = _ENCODER.encode(outgoing(request, n)).encode(errors="replace")
        started = time.perf_counter()
        try:
            async with self._session().post(
                f"{base_url(model)}/chat/completions",
                data=body,
                headers=headers,
                timeout=timeout,
                proxy=_proxy(base_url(model)),
                allow_redirects=False,
            ) as response:
                raw = await _read(response, _PER_REPLY + n * model.max_tokens * _PER_TOKEN)
        except TimeoutError:
            raise Failure(TOO_LATE, f"no whole answer within {model.timeout_s:g} s") from None
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            said = one_line(str(error), model)
            raise Failure(LOST, f"no secure connection: {said}", lasting=True) from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError) as error:  # also a host that is none
            raise Failure(LOST, f"there is no such address: {one_line(str(error), model)}", lasting=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Failure(LOST, one_line(f"{type(error).__name__}: {error}", model)) from None
        latency_s = time.perf_counter() - started
        wait_s = read_wait(response.headers)
        if response.status != _OK:
            raise Failure(response.status, _told(raw, response, model), wait_s=wait_s)
        return Reply(request, _parse(raw, response), latency_s, wait_s)

    def key_names(self, model: Model) -> tuple[str, ...]:
        """The vendor's usual variable, where the study names none."""
        return key_names(model)

    async def close(self) -> None:
        """Close the connections of this event loop."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)  # the throttle counts
            self._sessions[loop] = aiohttp.ClientSession(connector=connector)
        return self._sessions[loop]


def outgoing(request: Request, n: int) -> dict[str, object]:
    """The body as it is sent: the model by its own name, ``extra_body`` spread out, and n where it is more than one."""
    vendor, _, name = request.model.endpoint.partition("/")
    body = {key: value for key, value in request.body.items() if key not in _ONLY_LITELLM} | {"model": name}
    spread = request.body.get("extra_body")
    body |= spread if isinstance(spread, Mapping) else {}
    if vendor == "openai" and request.model.base_url is None:  # its newer models know no other name
        body["max_completion_tokens"] = body.pop("max_tokens")
    return body | ({"n": n} if n > 1 else {})


@cache
def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address, as everywhere; looked up once, not for every request."""
    parts = urlsplit(url)
    if parts.hostname in _HERE:
        return None
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The whole body, unless it is longer than any honest one."""
    told = response.content_length
    if told is not None and told <= most and "Content-Encoding" not in response.headers:
        return await response.read()
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > most:
            response.close()
            raise Failure(OUT_OF_SHAPE, f"the reply is longer than {most:,} bytes, and was not read to its end")
        pieces.append(piece)
    return b"".join(pieces)


def _parse(raw: bytes, response: aiohttp.ClientResponse) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        kind = response.content_type
        told = "the reply is no JSON" + (f" but {kind}; is base_url right?" if "json" not in kind else "")
        raise Failure(OUT_OF_SHAPE, told) from None


def _told(raw: bytes, response: aiohttp.ClientResponse, model: Model) -> str:
    """What an error says, in the shapes that servers give it; a page in HTML says nothing."""
    if _REDIRECTS <= response.status < _ERRORS and "Location" in response.headers:
        return one_line(f"it points to {response.headers['Location']}: write that as base_url", model)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        text = raw[:2_000].decode(errors="replace")
        return "" if "<" in text[:100] else one_line(text, model)
    error = part(body, "error") if part(body, "error") is not None else body
    words = [error] if isinstance(error, str) else [part(error, name) for name in ("message", "detail", "code")]
    said = [str(word) for word in words if isinstance(word, str | int) and word]
    return one_line(": ".join(said) or json.dumps(body), model)
