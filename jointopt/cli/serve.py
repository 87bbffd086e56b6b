"""``jointopt serve``."""

from typing import Annotated

import typer

from jointopt import serving


def serve(
    endpoint: Annotated[str, typer.Argument(help="embedded/nano or embedded/micro")],
    host: Annotated[str, typer.Option(help="The address to listen on; this machine only by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8000,
) -> None:
    """Serve until Ctrl-C."""
    typer.echo(f"{endpoint} at http://{host}:{port}/v1 (Ctrl-C stops)", err=True)
    serving.serve(endpoint, host=host, port=port)
