"""A real HTTP/1.1 server, on the loopback unless told otherwise, that speaks the OpenAI API, well or badly, and keeps
its own bill.

It is light enough that a client is what a benchmark measures: no framework, one callback a request.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from time import monotonic
from typing import Any

from tests.hostile.bill import Asked, Bill, Visits
from tests.hostile.exchange import Exchange
from tests.hostile.faults import HONEST, PAGE, Fault
from tests.hostile.scripts import Script, script_of
from tests.hostile.wire import HTML, Heard, Link, listen


class Server:
    """What it was asked, what it charges, and how it behaves.

    Args:
        behaviour: a fault for every request, or a script.
        keys: that open the door; none: it stands open.
        models: that it has; none: any.
        delay_s: how long an honest reply takes.
        settled: whether equal requests with equal seeds, and those of temperature 0, get equal texts; otherwise every
            text is told only once.
        keep: whether the requests themselves are remembered in `asked`.
    """

    def __init__(
        self,
        behaviour: Fault | Script = HONEST,
        *,
        keys: Sequence[str] = (),
        models: Sequence[str] = (),
        delay_s: float = 0.0,
        settled: bool = False,
        keep: bool = True,
    ) -> None:
        self.script = script_of(behaviour)
        self.keys, self.models = frozenset(keys), tuple(models)
        self.delay_s, self.settled, self.keep = delay_s, settled, keep
        self.bill, self.visits = Bill(), Visits()
        self.host, self.port = "127.0.0.1", 0  # where it listens
        self._links: set[Link] = set()

    @property
    def url(self) -> str:
        """The base of the API."""
        return f"http://{self.host}:{self.port}/v1"

    @property
    def secure_url(self) -> str:
        """The same over TLS, whose handshake fails."""
        return f"https://{self.host}:{self.port}/v1"

    @property
    def asked(self) -> list[Asked]:
        """Every request for completions that came with a good key, the first one first."""
        return self.visits.asked

    def behave(self, behaviour: Fault | Script) -> None:
        """Behave otherwise from now on."""
        self.script = script_of(behaviour)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until told to stop; then drop every connection."""
        listener = await listen(asyncio.get_running_loop(), self._link, self.host)
        self.port = listener.sockets[0].getsockname()[1]
        ready()
        await stop.wait()
        listener.close()
        for link in list(self._links):
            link.reset()
        await listener.wait_closed()

    def _link(self) -> Link:
        self.visits.connections += 1
        return Link(self._serve, self._links, self._hello)

    def _hello(self) -> None:
        self.visits.handshakes += 1

    def _serve(self, link: Link, heard: Heard) -> None:
        where = heard.method, heard.path
        if where == ("POST", "/v1/chat/completions"):
            self._chat(link, heard)
            return
        self.visits.elsewhere[heard.path] += 1
        if where == ("GET", "/v1/models"):
            entries = [{"id": name, "object": "model", "owned_by": "us"} for name in self.models]
            link.send(200, json.dumps({"object": "list", "data": entries}).encode(), {})
        elif where == ("GET", "/bill"):
            link.send(200, json.dumps({"bill": asdict(self.bill), "visits": self.visits.summary()}).encode(), {})
        else:
            link.send(404, PAGE, {}, content_type=HTML)

    def _chat(self, link: Link, heard: Heard) -> None:
        key = heard.headers.get("authorization", "").removeprefix("Bearer ") or None
        body = _read(heard.body)
        asked = self.visits.begin(key, body, monotonic(), keep=self.keep)
        link.on_end.append(self._leave)
        exchange = Exchange(link, asked, self.bill, self._note, delay_s=self.delay_s, settled=self.settled)
        fault = self._refusal(exchange) or self.script(exchange)
        asked.met = fault.name
        self.visits.met[fault.name] += 1
        fault.act(exchange)

    def _refusal(self, exchange: Exchange) -> Fault | None:
        """What stands before any script: the key, the form of the request, the model."""
        asked = exchange.asked
        if self.keys and asked.key not in self.keys:
            told = f"Incorrect API key provided: {asked.key}"  # as a careless server says it
            return Fault("wrong_key", lambda exchange: exchange.refuse(401, told, code="invalid_api_key"))
        if not _is_chat(asked.body):
            return Fault("no_chat", lambda exchange: exchange.refuse(400, "you must provide 'messages'"))
        if self.models and asked.body.get("model") not in self.models:
            told = f"The model '{asked.body.get('model')}' does not exist"
            return Fault("no_model", lambda exchange: exchange.refuse(404, told, code="model_not_found"))
        return None

    def _leave(self) -> None:
        self.visits.in_flight -= 1

    def _note(self, status: int) -> None:
        self.visits.statuses[status] += 1


@contextmanager
def serving(behaviour: Fault | Script = HONEST, *, host: str = "127.0.0.1", **settings: Any) -> Iterator[Server]:
    """A server in a thread, with a loop of its own, at an address of this machine; arguments as of `Server`."""
    server = Server(behaviour, **settings)
    server.host = host
    ready: Future[Callable[[], None]] = Future()

    async def live() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        await server.run(lambda: ready.set_result(lambda: _tell(loop, stop)), stop)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="hostile", daemon=True)
    thread.start()
    end = ready.result(timeout=10)
    try:
        yield server
    finally:
        end()
        thread.join()


def _tell(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stop.set)


def _read(body: bytes) -> dict[str, Any]:
    """The JSON of a request; nothing where it is none."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _is_chat(body: Mapping[str, Any]) -> bool:
    messages = body.get("messages")
    return isinstance(messages, list) and bool(messages) and all(isinstance(each, dict) for each in messages)
