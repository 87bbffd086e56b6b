"""One request for completions, and the ways to answer it: what faults are made of."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from tests.hostile.bill import Asked, Bill, Choice, charge
from tests.hostile.wire import JSON, Link

Edit = Callable[[Choice], None]


class Exchange:
    """A request that waits for its reply.

    Args:
        link: the connection.
        asked: the request.
        bill: of the server.
        note: told the status of what is sent.
        delay_s: how long an honest reply takes.
        settled: whether equal requests with equal seeds, and those of temperature 0, get equal texts.
    """

    def __init__(
        self,
        link: Link,
        asked: Asked,
        bill: Bill,
        note: Callable[[int], None],
        *,
        delay_s: float,
        settled: bool,
    ) -> None:
        self.link, self.asked = link, asked
        self._bill, self._delay_s, self._settled, self._note = bill, delay_s, settled, note

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Act after a while, unless the client has gone by then."""
        if seconds > 0:
            asyncio.get_running_loop().call_later(seconds, lambda: None if self.link.gone else act())
        else:
            act()

    def on_end(self, tell: Callable[[], None]) -> None:
        """Have something told when the request is answered, or its connection lost."""
        self.link.on_end.append(tell)

    def honest(
        self,
        *,
        n: int | None = None,
        edit: Edit | None = None,
        usage: bool = True,
        logprobs: bool = True,
        headers: Mapping[str, str] | None = None,
        last: bool = False,
    ) -> None:
        """A true reply after the server's delay.

        Args:
            n: how many choices instead of those asked for.
            edit: changes each choice; the bill and the usage are of what it leaves.
            usage: whether the reply says what it costs.
            logprobs: whether log-probabilities come where they are asked for.
            headers: beside the usual ones.
            last: whether the connection is closed after it, without a word about it.
        """
        reply = self.reply(n=n, edit=edit, logprobs=logprobs)
        cost = charge(self.asked.body["messages"], reply["choices"])
        if usage:
            reply["usage"] = cost.usage()
        body = json.dumps(reply).encode()

        def deliver() -> None:
            self._bill.add(cost)  # before the client can have read it
            self.send(200, body, headers)
            if last:
                self.link.close()

        self.later(self._delay_s, deliver)

    def send(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, content_type: str = JSON
    ) -> None:
        """Send a whole reply at once, free of charge."""
        self._note(status)
        self.link.send(status, body, headers or {}, content_type=content_type)

    def refuse(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send an error as the OpenAI API writes it."""
        self.send(status, error(message, code=code, param=param), headers)

    def reply(self, *, n: int | None = None, edit: Edit | None = None, logprobs: bool = True) -> dict[str, Any]:
        """The body of a reply, without its usage."""
        asked = self.asked
        telling = logprobs and bool(asked.body.get("logprobs"))
        choices = [self._choice(index, telling=telling) for index in range(asked.n if n is None else n)]
        for choice in choices if edit else ():
            edit(choice)  # type: ignore[misc]  # there are no choices to edit without one
        return {
            "id": f"chatcmpl-{asked.number}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": asked.body.get("model", ""),
            "choices": choices,
        }

    def _choice(self, index: int, *, telling: bool) -> Choice:
        text = self._text(index)
        whole = len(text) <= self.asked.max_tokens
        text = text[: self.asked.max_tokens]
        choice: Choice = {
            "index": index,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop" if whole else "length",
        }
        if telling:
            choice["logprobs"] = {"content": [_token(letter) for letter in text]}
        return choice

    def _text(self, index: int) -> str:
        """In ASCII, so that a letter is a byte, and a byte a token. Different for every choice of every request."""
        body = self.asked.body
        prompt = crc32(json.dumps(body["messages"]).encode())
        drawn: object = self.asked.number
        if self._settled:
            drawn = body.get("seed", drawn)
            drawn, index = ("cold", 0) if body.get("temperature") == 0 else (drawn, index)
        name = f"{prompt:08x} {drawn}.{index}"
        return f"{name} gives {crc32(name.encode()) % 10}"


def error(message: str, *, code: str | None = None, param: str | None = None) -> bytes:
    """The body of an error as the OpenAI API writes it."""
    told = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return json.dumps({"error": told}).encode()


def _token(letter: str) -> dict[str, Any]:
    return {"token": letter, "logprob": -(ord(letter) % 8) / 16, "bytes": [ord(letter)], "top_logprobs": []}
