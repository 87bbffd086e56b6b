"""Serves Optuna Dashboard over a study storage."""

import optuna_dashboard

from jointopt.storage import engine_settings


def open_dashboard(storage_url: str, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve the dashboard of a storage until interrupted.

    Args:
        storage_url: an SQLAlchemy URL.
        host: the address to listen on.
        port: the port.
    """
    address, _ = engine_settings(storage_url)  # with the driver that jointopt uses itself
    optuna_dashboard.run_server(address, host=host, port=port)
