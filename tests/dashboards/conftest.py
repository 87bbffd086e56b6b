"""A real headless Chromium, spoken to over its debugging protocol."""

import asyncio
import base64
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-port=0 --window-size=1400,1800"
).split()


class Browser:
    """One page. It notes every request, every console error and every exception."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0
        self.urls: list[str] = []
        self.complaints: list[str] = []

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile is noted."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), 30)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])
            self._note(message.get("method", ""), message.get("params", {}))

    async def see(self, expression: str, *, within_s: float = 30) -> Any:
        """Wait until a JavaScript expression is truthy, and return it."""
        for _ in range(int(within_s * 5)):
            found = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
            if value := found["result"].get("value"):
                return value
            await asyncio.sleep(0.2)
        raise AssertionError(f"never true: {expression}; complaints: {self.complaints}")

    async def screenshot(self, file: Path) -> None:
        """Keep a picture of the page for a reader to look at."""
        picture = await self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(base64.b64decode(picture["data"]))

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.urls.append(parameters["request"]["url"])
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"] + " " + parameters["entry"].get("url", ""))
        if method == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.complaints.append(str(parameters["args"]))


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """A fresh browser with an empty profile."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        assert not os.environ.get("CI"), "no Chromium on this machine: `make browser` installs it"
        pytest.skip("no Chromium on this machine: `make browser` installs it where it can")
    profile = tmp_path / "profile"
    running = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL
    )
    try:
        address = await _debugging_address(profile)
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            page = Browser(socket)
            for domain in ("Page", "Network", "Runtime", "Log"):
                await page.ask(f"{domain}.enable")
            yield page
    finally:
        running.terminate()
        running.wait(timeout=30)


async def _debugging_address(profile: Path) -> str:
    """The WebSocket address of the first page, once the browser is up."""
    for _ in range(150):
        note = profile / "DevToolsActivePort"
        if note.exists() and len(lines := note.read_text().split()) > 1:
            url = f"http://127.0.0.1:{lines[0]}/json/list"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                pages = [entry for entry in await answer.json() if entry["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        await asyncio.sleep(0.2)
    raise AssertionError("Chromium did not start")
