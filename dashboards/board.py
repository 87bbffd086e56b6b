"""Serves Optuna Dashboard over a storage of trials."""

import optuna_dashboard

from jointopt.search import reach_trials
from jointopt.storage import open_database


def open_dashboard(storage_url: str, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve the dashboard of a storage, whichever studies it holds, until interrupted.

    Args:
        storage_url: an SQLAlchemy URL, or ``grpc://host:port`` of a proxy before the database.
        host: the address to listen on.
        port: the port.

    Raises:
        StorageError: the database cannot be opened, or no proxy answers.
    """
    if not storage_url.startswith("grpc:"):
        open_database(storage_url, create=False).close()  # what cannot be used is told in our words
    optuna_dashboard.run_server(reach_trials(storage_url), host=host, port=port)
