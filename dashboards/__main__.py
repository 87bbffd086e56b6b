"""``python -m dashboards``: Optuna Dashboard over the storage that the environment names, for a container."""

import argparse
import os
import sys

from dashboards.board import open_dashboard
from jointopt.errors import UserError


def main() -> int:
    """Serve until interrupted. Returns the exit code of a mistake."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description="Optuna Dashboard with our figures")
    named = os.environ.get("JOINTOPT_TRIALS") or os.environ.get("JOINTOPT_STORAGE")
    parser.add_argument("--storage", default=named, help="default: $JOINTOPT_TRIALS, else $JOINTOPT_STORAGE")
    parser.add_argument("--host", default="127.0.0.1", help="it has no login: this machine only by default")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    if not given.storage:
        parser.error("name a storage: --storage URL, or JOINTOPT_STORAGE in the environment")
    try:
        open_dashboard(given.storage, host=given.host, port=given.port)
    except UserError as error:
        sys.stderr.write(f"dashboards: {error}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
