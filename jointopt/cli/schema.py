"""``jointopt schema``."""

import json

import typer

from jointopt import config


def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    typer.echo(json.dumps(config.schema(), indent=2))
