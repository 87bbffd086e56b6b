"""``python -m dashboards.proxy``: Optuna's gRPC proxy before the database of trials, and a look at whether one answers.

It has no login, and whoever reaches it can delete trials: it listens on this machine only, unless told.
"""

import argparse
import os
import sys

from jointopt.errors import UserError
from jointopt.search import reach_trials, serve_trials


def main() -> int:
    """Serve until interrupted, or look once. Returns the exit code: 0 where a proxy answered with its studies."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.proxy", description="Optuna's gRPC proxy for trials")
    parser.add_argument("--storage", default=os.environ.get("JOINTOPT_STORAGE"), help="default: $JOINTOPT_STORAGE")
    parser.add_argument("--host", default="127.0.0.1", help="it has no login: this machine only by default")
    parser.add_argument("--port", type=int, default=13000)
    parser.add_argument("--check", metavar="URL", help="see whether the proxy at grpc://host:port answers, and end")
    given = parser.parse_args()
    try:
        if given.check:
            reach_trials(given.check).get_all_studies()
            return 0
        if not given.storage:
            parser.error("name a database: --storage URL, or JOINTOPT_STORAGE in the environment")
        serve_trials(given.storage, host=given.host, port=given.port)
    except UserError as error:
        sys.stderr.write(f"dashboards.proxy: {error}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
