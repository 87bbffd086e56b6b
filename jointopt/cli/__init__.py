"""The door: parses, calls Study, prints."""

from jointopt.cli.main import main

__all__ = ["main"]
