"""A real server on a free port of this machine."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from jointopt.serving import build_app


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The address of a running server of both tiers."""
    server = uvicorn.Server(uvicorn.Config(build_app(["embedded/nano", "embedded/micro"]), log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
