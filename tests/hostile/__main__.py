"""The hostile server as a process of its own: prints its port, and ends when its standard input does.

``python -m tests.hostile --delay-ms 50``
"""

import argparse
import asyncio
import os
import sys

from tests.hostile.faults import HONEST, NAMED
from tests.hostile.scripts import Script, always, at_most, per_second, storm
from tests.hostile.server import Server


def main() -> None:
    """Serve until the parent is gone."""
    given = _arguments()
    server = Server(
        _script(given),
        keys=given.key,
        models=given.model,
        delay_s=given.delay_ms / 1000,
        settled=given.settled,
        keep=False,
    )
    asyncio.run(_live(server))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.hostile", description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="how long an honest reply takes")
    parser.add_argument("--storm", type=float, default=0.0, metavar="SHARE", help="of requests that meet a fault")
    parser.add_argument("--fault", choices=sorted(NAMED), nargs="+", default=[], help="those of the storm")
    parser.add_argument("--seed", type=int, default=0, help="of the storm")
    parser.add_argument("--key", nargs="+", default=[], help="that opens the door")
    parser.add_argument("--model", nargs="+", default=[], help="that it has")
    parser.add_argument("--at-most", type=int, metavar="K", help="requests in flight")
    parser.add_argument("--per-second", type=float, metavar="K", help="requests")
    parser.add_argument("--settled", action="store_true", help="equal seeds give equal texts")
    return parser.parse_args()


def _script(given: argparse.Namespace) -> Script:
    script = always(HONEST)
    if given.storm:
        faults = [NAMED[name] for name in given.fault]
        script = storm(faults, share=given.storm, seed=given.seed) if faults else storm(share=given.storm)
    if given.at_most:
        script = at_most(given.at_most, otherwise=script)
    return per_second(given.per_second, otherwise=script) if given.per_second else script


async def _live(server: Server) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    watched = sys.stdin.fileno()
    loop.add_reader(watched, lambda: None if os.read(watched, 1024) else stop.set())
    await server.run(lambda: _say(server.port), stop)


def _say(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
