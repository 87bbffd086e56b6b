"""Serves Optuna Dashboard over a study storage."""

import optuna_dashboard


def open_dashboard(storage_url: str, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve the dashboard of a storage until interrupted.

    Args:
        storage_url: an SQLAlchemy URL.
        host: the address to listen on.
        port: the port.
    """
    optuna_dashboard.run_server(storage_url, host=host, port=port)
